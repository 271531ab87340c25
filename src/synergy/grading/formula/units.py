r"""Units at the end of a formula, "3\sqrt{2} cm": they say nothing about its value. Knows the multi-letter ones."""

import re

_NAMES = (
    "cm|mm|km|dm|kg|mg|ml|cc|ft|in|inch|inches|foot|feet|yard|yards|mile|miles|meter|meters|metre|metres|centimeters?"
    "|kilometers?|millimeters?|grams?|kilograms?|liters?|litres?|seconds?|minutes?|hours?|days?|weeks?|months?|years?"
    "|units?|degrees?|radians?|dollars?|cents?|people|students?|ways?|times|sets?|pieces?|yuan|km/h|m/s|mph"
)
_ALL = re.compile(f"(?:{_NAMES})")
_TRAILING = re.compile(
    rf"(?<=[0-9}})\s])\s*(?:\\[,;: ])?\s*(?:(?:square|cubic|sq)\s+)?(?<![A-Za-z])(?:{_NAMES})"
    r"(?:\s*\^?\s*\{?[23]\}?)?\.?$"
)


def is_unit(name: str) -> bool:
    """Whether a name, without its power, is one of the units known here or a currency."""
    return name == "$" or _ALL.fullmatch(name) is not None


def without_unit(text: str) -> str:
    """The text without a unit at its end; a text that is nothing but a unit stays."""
    shorter = _TRAILING.sub("", text).rstrip()
    return shorter or text
