r"""One notation for formulas: LaTeX that math-verify reads as people mean it.

Each step mends something that math-verify 0.9 refuses or misreads, and says what. Knows nothing about
equality.
"""

import re

from synergy.grading.answers.wrapping import unwrap
from synergy.grading.formula.notation import ascii_notation

_MAX_CHARACTERS = 500
_MAX_DEPTH = 12  # of brackets: the parser needs seconds for a few more
_MAX_EXPONENT_DIGITS = 4  # a longer literal exponent is a bomb, which would cost a worker its life

_LAYOUT = re.compile(r"\\(?:left|right)(?![A-Za-z])\.?|\\(?:displaystyle|quad|qquad)(?![A-Za-z])|\\[,;:! ]|\$")
_OPERATOR_NAME = re.compile(r"\\operatorname\s*\{([a-z]+)\}")
_PRODUCT = re.compile(r"\\(?:cdot|times)(?![A-Za-z])")
_NAMES = ("arcsin", "arccos", "arctan", "sqrt", "sin", "cos", "tan", "log", "exp", "ln", "pi")
_WORD = re.compile(rf"\\[A-Za-z]+|(?P<name>{'|'.join(_NAMES)})")
_PROSE = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{4,}")
_TEXT_COMMAND = re.compile(r"\\(?:text|textbf|textit|textrm|mbox|mathrm|mathbf)\s*\{([^{}]*)\}")
_WORDS = re.compile(r"[^\W\d_]{2,}")
_FORMULA_SIGN = re.compile(r"[\\^_=+*/<>{}\[\]|]")
_NUMBERS_SIDE_BY_SIDE = re.compile(r"[0-9.] [0-9.]")
_EXPONENT_BOMB = re.compile(rf"\^[ {{(+-]*[0-9]{{{_MAX_EXPONENT_DIGITS + 1},}}")
_LEFT_HAND_SIDE = re.compile(r"[A-Za-z] ?(?:\( ?[A-Za-z] ?\))? ?= ?(?P<right>[^=<>]+)")
_PLAIN_ROOT = re.compile(r"\\sqrt ?(?P<number>[0-9]+(?:\.[0-9]+)?)")
_PLAIN_EXPONENT = re.compile(r"\^ ?(?P<exponent>[+-]? ?[0-9]+)")
_COEFFICIENT = re.compile(r"(?<![\w.^}/)])(?P<top>[0-9]*\\pi|[0-9]+) ?/ ?(?P<bottom>[0-9]+)(?= ?[A-Za-z\\])")
_IMPLICIT_PRODUCT = re.compile(r"(?<=[0-9)])(?<!_[0-9]) ?(?=\()")
_IDLE_SPACE = re.compile(r"(?<![0-9A-Za-z]) | (?![0-9A-Za-z])")


def normalise(text: str) -> str | None:
    """The formula in one notation, None where the text is none or could not be checked in bounded time."""
    text = unwrap(text)
    if not text or len(text) > _MAX_CHARACTERS:
        return None
    text = " ".join(_latex_names(_plain_operators(ascii_notation(text))).split())
    if not _is_formula(text):
        return None
    text = _braced_groups(_right_hand_side(text))
    text = _PLAIN_ROOT.sub(r"\\sqrt{\g<number>}", text)
    text = _PLAIN_EXPONENT.sub(r"^{\g<exponent>}", text)
    text = _explicit_products(_coefficient_fractions(text))
    return _IDLE_SPACE.sub("", text) or None


def is_prose(text: str) -> bool:
    r"""Whether a text is words rather than a formula: "Evelyn", "\\text{odd}", but not "2x + 1" or "\\sin x"."""
    bare = _TEXT_COMMAND.sub(r" \1 ", text)
    words = _WORDS.findall(bare)
    return bool(words) and not _FORMULA_SIGN.search(bare) and any(word.lower() not in _NAMES for word in words)


def _plain_operators(text: str) -> str:
    r"""One sign each for product, power, fraction and space: math-verify refuses x**2."""
    text = _OPERATOR_NAME.sub(r" \1 ", _LAYOUT.sub(" ", text))
    text = text.replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac")
    return _PRODUCT.sub("*", text).replace("**", "^")


def _latex_names(text: str) -> str:
    r"""sin(pi x) as \sin(\pi x): without the backslash math-verify reads s·i·n."""
    return _WORD.sub(lambda word: f" \\{word['name']} " if word["name"] else f"{word[0]} ", text)


def _is_formula(text: str) -> bool:
    """Not prose (read as a product of letters), not "2 3" (read as 5), and no bomb."""
    if not (text.isascii() and text.isprintable()) or text.endswith("\\"):
        return False
    if _PROSE.search(text) or _NUMBERS_SIDE_BY_SIDE.search(text) or _EXPONENT_BOMB.search(text):
        return False
    depth = deepest = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    return deepest <= _MAX_DEPTH


def _right_hand_side(text: str) -> str:
    """2x+1 of "y = 2x+1" and "f(x) = 2x+1", whatever the name; chains of equations stay as they are."""
    match = _LEFT_HAND_SIDE.fullmatch(text)
    return match["right"] if match else text


def _braced_groups(text: str) -> str:
    r"""\sqrt{x+1} for \sqrt(x+1), which math-verify refuses, and x^{n+1} for x^(n+1)."""
    characters = list(text)
    open_groups: list[bool] = []
    before = ""
    for position, character in enumerate(text):
        if character == "(":
            open_groups.append(before in ("^", "\\sqrt"))
            if open_groups[-1]:
                characters[position] = "{"
        elif character == ")" and open_groups and open_groups.pop():
            characters[position] = "}"
        if character != " ":  # the last command or the last other character
            before = before + character if before.startswith("\\") and character.isalpha() else character
    return "".join(characters)


def _coefficient_fractions(text: str) -> str:
    r"""1/2x and \pi/2 x as half of x, the way lines are written; math-verify reads 1/(2x)."""
    return _COEFFICIENT.sub(r"\\frac{\g<top>}{\g<bottom>}", text)


def _explicit_products(text: str) -> str:
    """2*(3) for 2(3) and (2)*(3) for (2)(3), which math-verify reads as the mixed number 2 + 3."""
    return _IMPLICIT_PRODUCT.sub("*", text)
