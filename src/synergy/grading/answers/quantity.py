r"""Reading a number as people write it: 1,234.5 · 3/4 · 1 1/2 · \frac{3}{4} · 2.5×10^3 · 30 % · 45° · 12 cm.

Exact: the value is a fraction. Knows nothing about equality.
"""

import re
from fractions import Fraction
from typing import NamedTuple

from synergy.grading.formula.notation import ascii_notation

#: Longer texts are no number; it also keeps clear of Python's limit on converting long integers.
_MAX_CHARACTERS = 100
_MAX_EXPONENT = 300

_DECIMAL = r"[1-9][0-9]{0,2}(?:(?:,[0-9]{3})+|(?: [0-9]{3})+)(?:\.[0-9]*)?|[0-9]+\.?[0-9]*|\.[0-9]+"
_PLAIN = re.compile(rf"(?P<sign>[+-]?) ?(?P<digits>{_DECIMAL})")
_QUANTITY = re.compile(
    rf"""
    (?P<sign>[+-]?)\ ?(?P<currency>[$€£¥]|\\\$)?\ ?
    (?:
        (?:(?P<whole>[0-9]+)\ ?)?\\[dtc]?frac\ ?\{{\ ?(?P<top>[0-9]+)\ ?\}}\ ?\{{\ ?(?P<bottom>[0-9]+)\ ?\}}
        |(?P<short>\\[dtc]?frac\ ?[0-9]\ ?[0-9])
        |(?:(?P<mixed>[0-9]+)\ )?(?P<over>[0-9]+)\ ?/\ ?(?P<under>[0-9]+)
        |(?P<digits>{_DECIMAL})
            (?:\ ?(?:[eE]|(?:\*|\\times|\\cdot)\ ?10\ ?\^)\ ?\{{?(?P<exponent>[+-]?[0-9]{{1,4}})\}}?)?
    )
    (?P<rest>.*)
    """,
    re.VERBOSE | re.DOTALL,
)
_LATEX_COMMA = re.compile(r"\{,\}|, ?\\! ?")
_PERCENT = re.compile(r"(?:\\?%|percent|percentage|pct)(?: points?)?")
_DEGREE = re.compile(r"\^ ?\{? ?\\circ ?\}?|\\degree|degrees?")
_UNIT = re.compile(r"(?P<name>[A-Za-z][A-Za-z/ .]{0,30}?|[\u4e00-\u9fff]{1,4})(?: ?\^ ?\{?(?P<power>-?[0-9])\}?)?")
_TEXT_COMMAND = re.compile(r"\\(?:text|textrm|textbf|mathrm|mathbf|mbox|rm)\s*\{([^{}]*)\}|\\[,;:! ]|~")
#: A word that makes more than a unit of what follows a number.
_NO_UNITS = frozenset(
    [
        *("and", "or", "not", "nor", "to", "by", "of", "than", "plus", "minus", "more", "less", "over", "under", "if"),
        *("but", "is", "are", "was", "then", "x", "y", "z"),
    ]
)
_MAX_UNIT_WORDS = 3
_SAME_UNITS = {
    "centimeter": "cm",
    "centimetre": "cm",
    "meter": "m",
    "metre": "m",
    "kilometer": "km",
    "kilometre": "km",
    "millimeter": "mm",
    "millimetre": "mm",
    "inche": "inch",
    "in": "inch",
    "feet": "foot",
    "ft": "foot",
    "gram": "g",
    "kilogram": "kg",
    "second": "s",
    "sec": "s",
    "minute": "min",
    "hour": "h",
    "hr": "h",
    "dollar": "$",
    "米": "m",
    "厘米": "cm",
    "千米": "km",
    "度": "degree",
    "元": "yuan",
    "liter": "l",
    "litre": "l",
}


class Quantity(NamedTuple):
    """A number with what was written around it."""

    value: Fraction  #: 30 % is 3/10
    is_percent: bool = False
    unit: str = ""  #: in one spelling, empty for none; degrees are none


def read_plain_number(text: str) -> Fraction | None:
    """The value of a number without unit, percent or fraction: the fast path of what answers mostly are."""
    if text.isascii() and text.isdecimal() and len(text) <= _MAX_CHARACTERS:
        return Fraction(int(text))
    match = _PLAIN.fullmatch(text) if len(text) <= _MAX_CHARACTERS else None
    return Fraction(match["sign"] + match["digits"].replace(",", "").replace(" ", "")) if match else None


def read_quantity(text: str) -> Quantity | None:
    """The quantity that an unwrapped text is, None where it is anything else."""
    if len(text) > _MAX_CHARACTERS:
        return None
    # U+2212 is the minus sign of typeset text; {,} is how LaTeX writes a thousands comma.
    plain = read_plain_number(text)
    if plain is None:
        text = _LATEX_COMMA.sub(",", text).replace("\u2212", "-")
        plain = read_plain_number(text)
    if plain is not None:
        return Quantity(plain)
    text = " ".join(_TEXT_COMMAND.sub(r" \1 ", ascii_notation(text)).split())
    match = _QUANTITY.fullmatch(text)
    value = _value(match) if match else None
    if match is None or value is None:
        return None
    value = -value if match["sign"] == "-" else value
    return _with_rest(value, match["rest"].strip(), "$" if match["currency"] else "")


def _value(match: re.Match[str]) -> Fraction | None:
    if match["short"]:
        digits = re.sub("[^0-9]", "", match["short"])
        return _ratio(0, int(digits[0]), int(digits[1]))
    if match["bottom"]:
        return _ratio(int(match["whole"] or 0), int(match["top"]), int(match["bottom"]))
    if match["under"]:
        return _ratio(int(match["mixed"] or 0), int(match["over"]), int(match["under"]))
    exponent = int(match["exponent"] or 0)
    if abs(exponent) > _MAX_EXPONENT:
        return None
    return Fraction(re.sub("[, ]", "", match["digits"])) * Fraction(10) ** exponent


def _ratio(whole: int, top: int, bottom: int) -> Fraction | None:
    return whole + Fraction(top, bottom) if bottom else None


def _with_rest(value: Fraction, rest: str, currency: str) -> Quantity | None:
    """What follows the digits: nothing, percent, degrees or a unit; None for anything else."""
    if not rest:
        return Quantity(value, unit=currency)
    if _PERCENT.fullmatch(rest):
        return Quantity(value / 100, is_percent=True)
    if _DEGREE.fullmatch(rest):
        return Quantity(value)
    match = _UNIT.fullmatch(rest)
    words = match["name"].lower().replace(".", "").split() if match else []
    if match is None or not words or len(words) > _MAX_UNIT_WORDS or not _NO_UNITS.isdisjoint(words):
        return None
    return Quantity(value, unit=" ".join(map(_unit_name, words)) + (f"^{match['power']}" if match["power"] else ""))


def _unit_name(word: str) -> str:
    singular = word[:-1] if len(word) > 2 and word.endswith("s") and not word.endswith("ss") else word
    return _SAME_UNITS.get(singular, _SAME_UNITS.get(word, singular))
