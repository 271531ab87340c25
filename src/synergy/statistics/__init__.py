"""Numbers with their uncertainty, from plain arrays; knows nothing about models, files or reports."""
