"""Questions and traces that are too short or too long."""

from collections.abc import Callable
from pathlib import Path

from tokenizers import Tokenizer

from synergy.config.filters import LengthFilter
from synergy.data.filters.row_filter import Candidate, Reason, RowFilter
from synergy.errors import FileError


def length(config: LengthFilter) -> RowFilter:
    """Drops by the number of words, characters or tokens; raises FileError for a tokenizer that cannot be read."""
    count = _counter(config)
    bounds = (
        ("question", config.min_question, config.max_question),
        ("trace", config.min_trace, config.max_trace),
    )

    def check(candidate: Candidate) -> Reason | None:
        for name, least, most in bounds:
            text = candidate.trace if name == "trace" else candidate.row["question"]
            if text is None:
                continue
            num = count(text)
            if num < least:
                return Reason(f"{name}_too_short")
            if most is not None and num > most:
                return Reason(f"{name}_too_long")
        return None

    return RowFilter(check=check)


def _counter(config: LengthFilter) -> Callable[[str], int]:
    if config.tokenizer is not None:
        tokenizer = _read(config.tokenizer)
        return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)
    return len if config.unit == "characters" else lambda text: len(text.split())


def _read(path: Path) -> Tokenizer:
    file = path / "tokenizer.json" if path.is_dir() else path
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise FileError(f"{file}: cannot be read ({error.strerror}); expected a tokenizer.json") from None
    try:
        return Tokenizer.from_str(text)
    except Exception as error:  # noqa: BLE001  the package raises Exception itself, of no narrower class
        raise FileError(f"{file}: holds no tokenizer ({str(error)[:100]}); expected a tokenizer.json") from None
