"""Every error a user can cause, under one root; each is also the standard kind that Python code would catch.

An error message is one line: what is wrong, what was got, what was expected, how to mend it. A broken promise
of our own code is an `assert`, never one of these.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class SynergyError(Exception):
    """Root of all errors that the command line reports as one line with exit status 2."""


class InputError(SynergyError, ValueError):
    """A value, an option, a file's content or a model that cannot be used as given."""


class FileError(SynergyError, OSError):
    """A file or folder that cannot be read or written."""


class MissingExtraError(SynergyError, ImportError):
    """A part of Synergy needs a package that is not installed; the message names the extra that brings it."""


def nearest(got: str, expected: Iterable[str]) -> str:
    """`" (did you mean 'count'?)"` for the name nearest to `got`, or an empty string where none is near."""
    matches = get_close_matches(got, list(expected), n=1, cutoff=0.6)
    return f" (did you mean '{matches[0]}'?)" if matches else ""


def unknown_name(what: str, got: str, expected: Iterable[str]) -> InputError:
    """The error for a name outside a closed set, naming the set and the nearest member."""
    names = list(expected)
    return InputError(f"unknown {what} '{got}'{nearest(got, names)}; expected one of: {', '.join(names)}")
