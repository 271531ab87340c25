"""How many tokens an evaluation's responses had, from the file it leaves."""

from pathlib import Path

from synergy.errors import FileError
from synergy.evaluation.responses import read_line

_RESPONSES = "responses.jsonl"


def response_tokens(folder: Path) -> int:
    """The sum over all responses; raises FileError where the file cannot be read."""
    path = folder / _RESPONSES
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror}); remove {folder} and run again") from None
    return sum(read_line(line, str(path)).num_tokens or 0 for line in lines)
