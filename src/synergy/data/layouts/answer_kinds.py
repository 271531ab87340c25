r"""What a free-text gold answer of an exam is, so that grading can compare with it; None where it cannot.

Rules, the first that fits: a derivation is what it concludes; alternatives ("6 or 2", "not unique") and relation signs
alone are ungradable; several parts are a *list* where each is a number or a few words, else ungradable, as several
formulas in order are of no answer kind; then number, yes_no, *expression* where our reader of formulas reads it, and
text of a few words. "2.4." may be a number or the statements 2 and 4, so it is ungradable, too.
"""

import re

from synergy.grading.answers.quantity import read_quantity
from synergy.grading.answers.wrapping import unwrap
from synergy.grading.formula import compare_formulas
from synergy.grading.formula.units import is_unit
from synergy.records import AnswerKind

_MAX_WORDS = 4
_MIN_DERIVATION_CHARACTERS = 60
_CONCLUSION = re.compile(r"(?:\bit is|\bfill in|\bvalue is)[: ]\s*(?P<answer>[^.,;\s]+)\.?\s*$")
_ALTERNATIVES = re.compile(r"\bor\b|not unique|choose one|any value", re.IGNORECASE)
_COMMANDS = (
    (re.compile(r"\\number\{([^{}]*)\}"), r"\1"),
    (re.compile(r"\\quantity\{([^{}]*)\}\{([^{}]*)\}"), r"\1 \2"),
    (re.compile(r"\\unit\{((?:[^{}]|\{[^{}]*\})*)\}"), r"\1"),
    (re.compile(r"\\text\{(\d+)\}"), r"\1"),
    (re.compile(r"\$textdegree\$|\{\}\s*\^\s*\{?\s*\\circ\s*\}?|\{*\}*\s*\^\s*\{?\s*\\circ\s*\}*"), "°"),
    (re.compile(r"\\[,;: ]|~"), " "),
    (re.compile(r"\\math(?:rm|bf)\s*(?=\\)"), ""),
)
_STATEMENTS = re.compile(r"(?:\d\.\s*){3,}|(?:\(\d\)\s*){2,}\.?")
_AMBIGUOUS = re.compile(r"\d\.\d\.")
_NUMBERS = re.compile(r"-?\d+(?:\.\d+)?(?:\s+-?\d+(?:\.\d+)?)+")
_NUMBERED = re.compile(r"(?:^|[\s;,.])\(\d\)\s*|(?:^|\n)\d\.\s+(?=\S)")
_BETWEEN_FORMULAS = re.compile(r"(?<=\$)\s+(?=\$)|\n|[;；]")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_WORDS = re.compile(r"[A-Za-z]+(?: [A-Za-z]+)*")
_RELATIONS = frozenset({"<", ">", "=", "\\leq", "\\geq"})


def gradable(written: str) -> tuple[str, AnswerKind] | None:
    """The answer in the notation of its kind, and the kind; None where no kind of ours can grade it."""
    written = written.strip()
    if len(written) > _MIN_DERIVATION_CHARACTERS:
        concluded = _CONCLUSION.search(written)
        written = concluded["answer"] if concluded else written
    if _ALTERNATIVES.search(written):
        return None
    for pattern, plain in _COMMANDS:
        written = pattern.sub(plain, written)
    if _AMBIGUOUS.fullmatch(written):
        return None
    parts = _parts(written)
    if len(parts) == 1:
        return _single(parts[0])
    if len(parts) > 1 and all(_is_number(part) or _is_words(part) for part in parts):
        return ", ".join(part.replace(",", "") for part in parts), AnswerKind.LIST
    return None


def _parts(written: str) -> list[str]:
    if _STATEMENTS.fullmatch(written):
        return re.findall(r"\d", written)
    if _NUMBERS.fullmatch(written):  # not a number with spaces between thousands
        return written.split()
    pieces = [piece for part in _NUMBERED.split(written) for piece in _BETWEEN_FORMULAS.split(part)]
    found = [part for piece in pieces for part in _at_commas(piece)]
    return [part for part in map(_bare, found) if part]


def _at_commas(text: str) -> list[str]:
    """Cut at commas outside brackets; "1,234" stays whole."""
    if _THOUSANDS.fullmatch(text.strip()):
        return [text]
    found, depth, start = [], 0, 0
    for position, character in enumerate(text):
        depth += (character in "([{") - (character in ")]}")
        if character in ",，" and depth == 0:
            found.append(text[start:position])
            start = position + 1
    return [*found, text[start:]]


def _bare(part: str) -> str:
    return " ".join(unwrap(part.strip().rstrip(".")).replace("$", "").split()).strip()


def _single(answer: str) -> tuple[str, AnswerKind] | None:
    if answer in _RELATIONS:
        return None
    if _is_number(answer):
        return answer, AnswerKind.NUMBER
    if answer.lower() in ("yes", "no"):
        return answer.lower(), AnswerKind.YES_NO
    if _is_words(answer):
        return answer, AnswerKind.TEXT
    # a formula that the reader cannot read, or not compare with itself, would leave every response unscored
    return (answer, AnswerKind.EXPRESSION) if compare_formulas(answer, answer).equal else None


def _is_number(text: str) -> bool:
    """A number with at most a known unit: 64a is a formula, 40m in an exam are metres."""
    quantity = read_quantity(text)
    if quantity is None:
        return False
    units = quantity.unit.partition("^")[0].split()
    return all(unit == "m" or is_unit(unit) for unit in units)


def _is_words(text: str) -> bool:
    return _WORDS.fullmatch(text) is not None and len(text.split()) <= _MAX_WORDS
