r"""Units at the end of a formula, "3\sqrt{2} cm": they say nothing about its value.

A unit of one letter may as well be a variable: only lenient readings take it off.
"""

import re

_NAMES = (
    "cm|mm|km|dm|kg|mg|ml|cc|ft|in|inch|inches|foot|feet|yard|yards|mile|miles|meter|meters|metre|metres|centimeters?"
    "|kilometers?|millimeters?|grams?|kilograms?|liters?|litres?|seconds?|minutes?|hours?|days?|weeks?|months?|years?"
    "|units?|degrees?|radians?|dollars?|cents?|people|students?|ways?|times|sets?|pieces?|yuan|km/h|m/s|mph"
)
_ALL = re.compile(f"(?:{_NAMES})")
_POWER = r"(?:\s*\^?\s*\{?[23]\}?)?"
_TRAILING = re.compile(
    rf"(?<=[0-9}})\s])\s*(?:\\[,;: ])?\s*(?:(?:square|cubic|sq)\s+)?(?<![A-Za-z])(?:{_NAMES}){_POWER}\.?$"
    rf"|(?<=[0-9}})\s])\s*[\u4e00-\u9fff]{{1,4}}{_POWER}$"  # metres and others in Chinese, as in GeoQA
)
_ONE_LETTER = re.compile(rf"(?<=[0-9}})\s])\s*[mghs]{_POWER}$")


def is_unit(name: str) -> bool:
    """Whether a name, without its power, is one of the units known here or a currency."""
    return name == "$" or _ALL.fullmatch(name) is not None


def without_unit(text: str) -> str:
    """The text without a unit at its end; a text that is nothing but a unit stays."""
    shorter = _TRAILING.sub("", text).rstrip()
    return shorter or text


def without_letter_unit(text: str) -> str:
    """The text without an m, g, h or s at its end that may be a unit: 5m as 5."""
    return _ONE_LETTER.sub("", text.rstrip()) or text
