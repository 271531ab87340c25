r"""The number or formula that math-verify's default reading takes from a whole response, as R1-V's script uses it.

Upstream calls `math_verify.parse(response)` with no configuration. That evaluates what it finds with sympy, in the
caller's process and unbounded; here the same choice is made by bounded patterns, and only arithmetic is computed.
What it chooses (huggingface/Math-Verify, parser.py of version 0.9, which gives R1-V's published verdicts too):

* the last \boxed{}, else what follows "final answer … is", else "answer:", else "answer" within 50 characters (100 up
  to a "="), else anything;
* of those the one that ends last, among LaTeX ($…$, \(…\), \[…\], \frac{1}{2}), arithmetic (3/4) and numbers;
* a number counts only at the start, after white space or after "=": in "<answer>40</answer>" it does not, so that
  without a line break there the last number of the *thinking* decides; of "2√3" it reads 2, of "√3" nothing.
"""

import ast
import operator
import re
from collections.abc import Callable
from fractions import Fraction

from synergy.benchmarks.stated import last_boxed

MAX_CHARACTERS = 8_000  #: only so much of a response's end is read: it bounds the time of the patterns

_START = r"(?:^|[\s=])(?:\*\*)?"
_OPERATORS = r"+\-*×/^()÷"
_ARITHMETIC = (
    rf"{_START}(?P<arithmetic>-?\(?-?\d[\d.\s{_OPERATORS}]{{0,30}}[{_OPERATORS}][\d.\s{_OPERATORS}]{{1,30}}\)?)"
    r"(?:\*\*)?(?:[.,:\s)$]|$)"
)
_NUMBER = (
    rf"{_START}[$€£¥]?(?<!\d)(?:(?P<grouped>-?[1-9]\d{{0,2}}(?:[ ,]\d{{3}})+(?:\.\d+)?)|(?P<decimal>-?\d+[.,]\d+)"
    r"|(?P<point>\.\d+)|(?P<integer>-?\d+))(?P<percent>\s*(?:%|[Pp]ercent))?"
)
_LATEX = (
    r"\$\$(?P<display>.{1,400}?)\$\$|\\\[(?P<brackets>.{1,400}?)\\\]|(?<!\d)\$(?P<inline>[^\n$]{1,400}?)\$"
    r"|\\\((?P<parentheses>.{1,400}?)\\\)|(?P<fraction>-?\\frac\{-?\d+(?:[.,]\d+)?\}\{-?\d+(?:[.,]\d+)?\})"
)
_PLAIN = rf"(?:{_ARITHMETIC}|{_NUMBER})(?!\s*=)"
_REACH = r"(?:.{0,100}=\s*|.{0,50}?)"


def _tier(*patterns: str) -> list[re.Pattern[str]]:
    return [re.compile(pattern, re.DOTALL if _LATEX in pattern else 0) for pattern in patterns]


_TIERS = (
    _tier(rf"(?i:final answer).{{0,100}}?\s+is:?(?:{_ARITHMETIC}|{_NUMBER})"),
    _tier(rf"(?i:answer):{_REACH}{_PLAIN}", rf"(?i:answer):.{{0,50}}?(?:{_LATEX})"),
    _tier(rf"(?i:answer){_REACH}{_PLAIN}", rf"(?i:answer).{{0,50}}?(?:{_LATEX})"),
    _tier(_LATEX, _ARITHMETIC, _NUMBER),
)
_BINARY: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_MAX_EXPONENT = 20
_MAX_DIGITS = 60


def read_plain_math(response: str) -> Fraction | str | None:
    """The number that a response is read as, the text of a LaTeX formula where it is none, None where nothing is."""
    response = response[-MAX_CHARACTERS:]
    boxed = last_boxed(response)
    if boxed is not None:
        return boxed if "," in boxed else _number(boxed) or boxed
    for tier in _TIERS:
        found = [match for pattern in tier for match in pattern.finditer(response)]
        for match in sorted(found, key=lambda match: (-match.end(), match.start())):
            value = _value(match)
            if value is not None:
                return value
    return None


def _value(match: re.Match[str]) -> Fraction | str | None:
    groups = match.groupdict()
    if groups.get("arithmetic"):
        return _arithmetic(groups["arithmetic"])
    for name in ("display", "brackets", "inline", "parentheses"):
        if groups.get(name):
            return _number(groups[name].strip()) or groups[name]
    if groups.get("fraction"):
        top, bottom = (_number(part) for part in re.findall(r"-?\d+(?:[.,]\d+)?", groups["fraction"]))
        sign = -1 if groups["fraction"].startswith("-") else 1
        return sign * top / bottom if top is not None and bottom else None
    if groups.get("grouped"):
        value = _number(re.sub("[ ,]", "", groups["grouped"]))
    else:
        value = _number(groups.get("decimal") or groups.get("point") or groups.get("integer") or "")
    return value / 100 if value is not None and groups.get("percent") else value


def _number(written: str) -> Fraction | None:
    bare = written.replace(",", ".")
    return Fraction(bare) if len(bare) <= _MAX_DIGITS and re.fullmatch(r"-?(?:\d+(?:\.\d+)?|\.\d+)", bare) else None


def _arithmetic(written: str) -> Fraction | None:
    """The value of an arithmetic expression, None where it is not complete or its powers are large."""
    written = " ".join(written.split()).replace("^", "**")
    try:
        return _walk(ast.parse(written, mode="eval").body, written)
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError):
        return None


def _walk(node: ast.expr, written: str) -> Fraction:
    match node:
        case ast.Constant(value=int() | float()):
            return Fraction(ast.get_source_segment(written, node) or "")
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
            return -_walk(operand, written) if isinstance(sign, ast.USub) else _walk(operand, written)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            base, exponent = _walk(left, written), _walk(right, written)
            if exponent.denominator == 1 and abs(exponent) <= _MAX_EXPONENT and base.numerator < 10**_MAX_EXPONENT:
                return base ** int(exponent)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in _BINARY:
            return _BINARY[type(sign)](_walk(left, written), _walk(right, written))
    raise ValueError(f"no arithmetic: {written}")
