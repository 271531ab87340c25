"""Texts made to hang, crash, feed or fool a grader: fixed ones, and any number of random ones from a seed."""

import random
from collections.abc import Iterator

from synergy.records import AnswerKind, Problem

MEGABYTE = 1_000_000
#: Megabytes of one thing.
HUGE = (
    *(piece * (MEGABYTE // len(piece)) for piece in ("9", "(", "x^{", "\\frac{", "$", ",", ";", "a,", "\u202e", " ")),
    *("1," + "000," * (MEGABYTE // 4), "-" * MEGABYTE + "7", "7" + "\n" * MEGABYTE, "\\text{" * 100_000),
    *("answer is " * 100_000, "\\boxed{" * 100_000, "[" * MEGABYTE, "(B) " * 250_000, "<answer>" * 100_000),
)
#: One of each kind of trick.
SMALL = (
    *("2^100000000", "10^10^10^10", "1e999999999", "9" * 5000, "(" * 10_000 + ")" * 10_000, "[" * 10_000),
    *("\x00", "\x1b[31m7", "7\u202e", "\u200b7", "\ud800", "7\udfff", "\ufeff7", "💣", "\u0667", "𝟕", "7\x00"),
    *("__import__('os').system('false')", "exec('1')", "lambda: 7", "{7!r}", "%s", "{0.__class__}", "nan", "-inf"),
    *("\\input{/etc/passwd}", "\\def\\x{\\x\\x}\\x", "\\write18{ls}", "\\loop\\iftrue\\repeat", "\\\\", "\\", "{", "}"),
    *("\\frac{1}{0}", "0/0", "\\infty", "\\int x", "\\sum_{n}", "\\sqrt{-1}", "!", "1!!", "|||", "x_{", "^", "_", "&&"),
    *("999999!", "9!!!!!!!!", "((x+1)^{999}+2)^{999}", "\\binom{999999}{500000}", "\\int_0^1 x^{7^{7^{7}}} dx"),
    *("\\sum_{n=1}^{10^{9}} n^n", "\\lim_{x\\to 0} x^{x^{x^x}}", "\\prod_{k=1}^{99999} k!", "1/" * 200 + "1"),
)
_PIECES = (
    *("\\frac", "{", "}", "(", ")", "^", "x", "7", "!", "\\sqrt", "\\sin", "+", "-", "*", "/", ",", "|", "\\text", "="),
    *(
        "\\int",
        "\\sum_{n=1}^{99}",
        "\\lim_{x\\to 0}",
        "\\cup",
        "\\pm",
        "<",
        "\\{",
        "\\}",
        "%",
        "_",
        "&",
        "\\\\",
        "[",
        "]",
    ),
    *("\\begin{pmatrix}", "\\end{pmatrix}", "\\log", "\\binom", "10^", "99999", "0.", "e", "i", "\\pi", "y", " ", "$"),
)
_WRAPPERS = ("{}", "\\boxed{{{}}}", "<answer>{}</answer>", "The answer is {}", "${}$", "<think>{}</think> {}")

GOLDS = {
    AnswerKind.INTEGER: "4",
    AnswerKind.NUMBER: "4",
    AnswerKind.DIGIT: "4",
    AnswerKind.OPTION: "C",
    AnswerKind.EXPRESSION: "2x+1",
    AnswerKind.YES_NO: "yes",
    AnswerKind.TEXT: "Paris",
    AnswerKind.LIST: "[2, 3]",
    AnswerKind.BOX: "[0.1, 0.2, 0.7, 0.5]",
    AnswerKind.PERMUTATION: "3 1 2",
    AnswerKind.CELLS: "red,blue;green,red",
    AnswerKind.OPEN: "a red circle",
}


def problem(kind: AnswerKind) -> Problem:
    """A problem of that kind with a gold answer that none of the texts gives."""
    return Problem(
        id=f"hostile-{kind}", question="?", answer=GOLDS[kind], answer_kind=kind, choices=("red", "blue", "green")
    )


def random_texts(num: int, seed: int = 0) -> Iterator[str]:
    """`num` texts, always the same ones: noise of formula pieces, towers, brackets, code points, now and then long."""
    source = random.Random(seed)
    makers = (_noise, _noise, _noise, _tower, _brackets, _code_points, _digits)
    for _ in range(num):
        text = source.choice(makers)(source)
        yield source.choice(_WRAPPERS).replace("{}", text).replace("{{", "{").replace("}}", "}")


def _noise(source: random.Random) -> str:
    return "".join(source.choices(_PIECES, k=source.randint(1, 24)))


def _tower(source: random.Random) -> str:
    return "^".join(f"{{{source.randint(2, 99)}" for _ in range(source.randint(2, 9)))


def _brackets(source: random.Random) -> str:
    depth = int(10 ** source.uniform(0, 4))
    opening, closing = source.choice(("()", "[]", "{}", "||"))
    return opening * depth + "7" + closing * source.choice((depth, depth - 1, 0))


def _code_points(source: random.Random) -> str:
    ranges = ((0, 32), (0x200B, 0x202F), (0xD800, 0xDFFF), (0x660, 0x66A), (0x1D7CE, 0x1D7FF), (0x20, 0x7E))
    return "".join(chr(source.randint(*source.choice(ranges))) for _ in range(source.randint(1, 40)))


def _digits(source: random.Random) -> str:
    length = int(10 ** source.uniform(0, 5.5))
    return source.choice(("9", "1,", "0.", "-", "1e", "7/", "1 ")) * (length // 2 + 1)
