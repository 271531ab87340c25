"""Arithmetic that a text states, checked: "90 - 36 = 54" in any response, LaTeX or plain.

Both sides must be numbers and signs alone, and one of them must compute something; words, letters and units of angles
or lengths end a side. What is rounded counts as true to the digits that are shown (ours).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from synergy.pocket.arithmetic import NotArithmetic, evaluate

_NUMBER = r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_SIDE = rf"(?:(?:{_NUMBER})|[-+*/^()\s])+"
_EQUATION = re.compile(rf"(?P<left>{_SIDE})(?P<sign>=|≈)(?=(?P<right>{_SIDE}))")
_UNIT = r"(?:cm|mm|km|m|kg|g|units?|degrees?)\b(?:\^?[23²³])?"
#: a number after one of these is not what is added or taken: a function's argument, the name of an angle or a line
_NAMES = re.compile(r"(?:sin|cos|tan|log|ln|sqrt|√|angle|∠|△|triangle|line|point|step|x|[A-Z])\s*$")
_REWRITES = (
    (re.compile(r"\\d?frac\{([^{}]*)\}\{([^{}]*)\}"), r"((\1)/(\2))"),
    (re.compile(r"\\(?:times|cdot)\b|×|·|⋅"), "*"),
    (re.compile(r"\\div\b|÷"), "/"),
    (re.compile(r"\\approx\b"), "≈"),
    (re.compile(r"\\left|\\right|\\[,;! ]|\$"), ""),
    (re.compile(r"\^?\{?\\circ\}?|°"), " "),
    (re.compile(r"[−–]"), "-"),
    (re.compile(rf"(?<=\d)\s?{_UNIT}"), " "),
)


@dataclass(frozen=True, kw_only=True)
class Equation:
    """One stated equation."""

    text: str
    true: bool


def equations(text: str) -> list[Equation]:
    """All equations of a text that are arithmetic, in order; a chain a = b = c is two."""
    for pattern, replacement in _REWRITES:
        text = pattern.sub(replacement, text)
    return list(_read(text))


def _read(text: str) -> Iterator[Equation]:
    for match in _EQUATION.finditer(text):
        left, right = match["left"].strip(), match["right"].strip()
        before = text[: match.start() + len(match["left"]) - len(match["left"].lstrip())]
        after = text[match.start() + len(match["left"]) + 1 + len(match["right"].rstrip()) :]
        if not _is_whole(before, left, right, after) or not (_computes(left) or _computes(right)):
            continue
        try:
            one, other = (evaluate(_exact(side)) for side in (left, right))
        except NotArithmetic:
            continue
        true = abs(one - other) <= _rounding(left, right, is_rounded=match["sign"] == "≈")
        yield Equation(text=f"{left} {match['sign']} {right}", true=true)


def _is_whole(before: str, left: str, right: str, after: str) -> bool:
    """Whether nothing was cut off: no sign at a loose end, no letter that belongs to a number, no name before it."""
    if not left or not right or left[0] in "*/^)+" or right[-1] in "-+*/^(":
        return False
    if left[0] == "-" and before.rstrip() and before.rstrip()[-1].isalnum():
        return False
    if (before and (before[-1].isalpha() or before[-1] in "\\}_.²³%")) or _NAMES.search(before):
        return False
    return not re.match(r"\s*[\\{_%²³√]|\s*[-+*/^]|[A-Za-z]|\s*(?:[a-z]|[A-Z]{1,3})\b(?!\w)", _without_words(after))


def _without_words(after: str) -> str:
    """What follows, but empty where it is an ordinary short word."""
    return "" if re.match(r"\s+(?:a|so|is|as|we|in|of|or|to|if|by|it|I|A)\b", after) else after


def _computes(side: str) -> bool:
    return re.search(r"[\d)]\s*[-+*/^]", side) is not None


def _exact(side: str) -> str:
    """Decimals as fractions, which is what the reader of arithmetic knows."""

    def fraction(match: re.Match[str]) -> str:
        whole, _, decimals = match[0].replace(",", "").partition(".")
        return f"({whole}{decimals}/1{'0' * len(decimals)})" if decimals else whole

    return re.sub(_NUMBER, fraction, side)


def _rounding(left: str, right: str, *, is_rounded: bool) -> Fraction:
    """Half of the last digit shown by a side that is one decimal number; where ≈ is written, of a whole one too."""
    shown = [side for side in (left, right) if re.fullmatch(rf"-?\s*(?:{_NUMBER})", side)]
    digits = [len(side.partition(".")[2]) for side in shown if "." in side or is_rounded]
    return max((Fraction(1, 2 * 10**num) for num in digits), default=Fraction(0))
