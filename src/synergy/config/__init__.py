"""Config documents, pydantic models at the file border: load, extend, override, hash, compare; no torch."""
