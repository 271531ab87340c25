"""The report: one self-contained page from a study's folder, with its charts, claims and samples."""
