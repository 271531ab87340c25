"""Text that any file can hold."""


def well_formed(text: str) -> str:
    r"""The text as UTF-8 can hold it: a lone surrogate is written out as \udc80."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
