r"""Formulas cut into tokens, LaTeX and plain notation alike; knows nothing about grammar."""

import re
from typing import NamedTuple

from synergy.grading.formula.notation import ascii_notation

#: Longer formulas are not read here: it bounds the time of everything that follows.
MAX_CHARACTERS = 600

_FUNCTIONS = ("arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "sqrt", "sin", "cos", "tan", "cot", "sec", "csc")
#: Names that plain text spells without a backslash.
_PLAIN_NAMES = (*_FUNCTIONS, "log", "exp", "ln", "pi", "infty", "infinity", "inf", "cup", "or", "and", "in")
_NAMES = "|".join(sorted(_PLAIN_NAMES, key=len, reverse=True))
_TEXT_COMMANDS = "text|textbf|textit|textrm|mbox|mathrm|mathbf|mathit|operatorname|rm|number|ce"
_LAYOUT_COMMANDS = "quad|qquad|displaystyle|left|right|[Bb]igg?[lr]?|limits"
_ENVIRONMENTS = "[a-z]*matrix|array|cases"
_THOUSANDS = r"[0-9]{1,3}(?:(?:\{,\}|,?\ ?\\[!,]\ ?)[0-9]{3})+(?![0-9])(?:\.[0-9]+)?"
_TOKEN = re.compile(
    rf"""
    (?P<space>[\s~]+|\{{\s*\}}|\\[,;:!$\ ]|\\(?:{_LAYOUT_COMMANDS})(?![A-Za-z])\.?|\$)
    |(?P<number>{_THOUSANDS}|[0-9]+(?:\.[0-9]*)?|\.[0-9]+)
    |(?P<begin>\\begin\s*\{{(?P<environment>{_ENVIRONMENTS})\}}(?:\{{[^{{}}]*\}})?)
    |(?P<end>\\end\s*\{{(?:{_ENVIRONMENTS})\}})
    |(?P<text>\\(?:{_TEXT_COMMANDS})\s*\{{(?P<content>[^{{}}]*)\}})
    |(?P<row>\\\\)
    |(?P<command>\\(?:[A-Za-z]+|[{{}}|%\#&_]))
    |(?P<name>{_NAMES})(?![a-z])
    |(?P<letters>[A-Za-z]+)
    |(?P<operator>\*\*|<=|>=|!=|==|\|\||[-+*/^_=<>()\[\]{{}},;:|!%&'])
    """,
    re.VERBOSE,
)
#: 1,000 and 1 000: thousands only outside brackets, where the comma divides coordinates.
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:(?:,[0-9]{3})+|(?: [0-9]{3})+)(?![0-9])(?:\.[0-9]+)?")
_OPENING, _CLOSING = frozenset({"(", "[", "\\{"}), frozenset({")", "]", "\\}"})
#: Commands with the same meaning.
_SAME = {
    "\\dfrac": "\\frac",
    "\\tfrac": "\\frac",
    "\\cfrac": "\\frac",
    "\\cdot": "*",
    "\\times": "*",
    "\\ast": "*",
    "\\div": "/",
    "**": "^",
    "\\leq": "\\le",
    "\\leqslant": "\\le",
    "<=": "\\le",
    "\\geq": "\\ge",
    "\\geqslant": "\\ge",
    ">=": "\\ge",
    "\\lt": "<",
    "\\gt": ">",
    "\\neq": "\\ne",
    "!=": "\\ne",
    "==": "=",
    "\\lvert": "|",
    "\\rvert": "|",
    "\\vert": "|",
    "\\mid": "|",
    "\\lbrace": "\\{",
    "\\rbrace": "\\}",
    "\\%": "%",
    "\\varnothing": "\\emptyset",
    "\\infinity": "\\infty",
    "\\inf": "\\infty",
    "\\lbrack": "[",
    "\\rbrack": "]",
    "\\approx": "=",
    "\\simeq": "=",
    "\\degree": "\\circ",
    "\\to": ",",
    "\\varphi": "\\phi",
    "\\vartheta": "\\theta",
    "\\varepsilon": "\\epsilon",
}
#: What is drawn over, under or around letters and changes nothing.
_IDLE = frozenset(
    {
        "\\overline",
        "\\overrightarrow",
        "\\vec",
        "\\angle",
        "\\triangle",
        "\\hat",
        "\\boxed",
        "\\mathbb",
        "\\mathrm",
        "\\rm",
    }
)
#: Words that divide answers.
_DIVIDERS = frozenset({"and", "or"})


class Token(NamedTuple):
    """A piece of a formula."""

    kind: str  #: number, command, letters, operator, text, begin, end or row
    value: str
    spaced: bool  #: white space stands before it


class NotAFormula(Exception):
    """The text cannot be read as a formula here; carries no message: callers fall back on something else."""


def tokens(text: str) -> list[Token]:
    """The tokens of a text; raises NotAFormula for characters that no formula has and for texts that are too long."""
    if len(text) > MAX_CHARACTERS:
        raise NotAFormula
    text = ascii_notation(text)
    found: list[Token] = []
    position, depth, spaced = 0, 0, False
    while position < len(text):
        grouped = _GROUPED.match(text, position) if depth == 0 else None
        if grouped:
            found.append(Token("number", re.sub(r"[^0-9.]", "", grouped[0]), spaced))
            position, spaced = grouped.end(), False
            continue
        match = _TOKEN.match(text, position)
        if match is None:
            raise NotAFormula
        position = match.end()
        depth += (match[0] in _OPENING) - (match[0] in _CLOSING)
        if match.lastgroup == "space":
            spaced = True
            continue
        token = _token(str(match.lastgroup), match, spaced)
        if token is not None:
            found.append(token)
            spaced = False
    return found


def _token(kind: str, match: re.Match[str], spaced: bool) -> Token | None:
    value = match[0]
    if kind == "number":
        return Token("number", re.sub(r"[^0-9.]", "", value), spaced)
    if kind == "begin":
        return Token("begin", match["environment"], spaced)
    if kind == "text":
        return _text_token(match["content"].strip(), spaced)
    if kind in ("name", "letters"):
        lowered = value.lower()
        if lowered in _DIVIDERS:
            return Token("operator", ",", spaced)
        if kind == "name" and lowered != "in":
            return _command(f"\\{lowered}", spaced)
        return Token("letters", value, spaced)
    if kind in ("command", "operator"):
        return _command(value, spaced)
    return Token(kind, value, spaced)


def _command(value: str, spaced: bool) -> Token | None:
    value = _SAME.get(value, value)
    if value in _IDLE:
        return None
    return Token("command" if value.startswith("\\") else "operator", value, spaced)


def _text_token(content: str, spaced: bool) -> Token | None:
    r"""\text{or} divides answers, \text{E} is a letter, anything else a word or a unit."""
    if content.lower() in _DIVIDERS:
        return Token("operator", ",", spaced)
    if not content:
        return None
    if content in _FUNCTIONS:
        return _command(f"\\{content}", spaced)
    if len(content) == 1 and content.isalpha():
        return Token("letters", content, spaced)
    return (
        Token("number", content, spaced)
        if content.isdecimal() and content.isascii()
        else Token("text", content, spaced)
    )
