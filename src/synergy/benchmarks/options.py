"""Showing a question's options as harnesses do, and taking off the hints that they put before a question."""

import re
from collections.abc import Sequence
from string import ascii_uppercase

_HINT = re.compile(r"\A\s*Hint: [^\n]*\n\s*Question:\s*")


def show_options(question: str, choices: Sequence[str], hint: str = "") -> str:
    """The question as VLMEvalKit puts it, without its closing "Please select the correct answer …"."""
    lines = [f"Hint: {hint}"] if hint else []
    lines.append(f"Question: {question}")
    if choices:
        lines.append("Options:")
        lines += [f"{letter}. {choice}" for letter, choice in zip(ascii_uppercase, choices, strict=False)]
    return "\n".join(lines)


def without_hint(written: str) -> str:
    """A question without MathVista's first line "Hint: Please answer …", which says how to lay out the answer."""
    return _HINT.sub("", written).strip()
