r"""MATH-Vision test: 3,040 competition problems with pictures, 16 subjects, five levels (2402.14804).

Rule (mathllm/MATH-V, evaluation/evaluate.py and utils.py), which needs no LLM: a closing "B." or an opening "(B)", a
number after the last "is", the last \boxed{}, else what follows "the answer is"; stripped of units and layout; right
where it equals the gold letter or that option's text, as texts, or as numbers to two decimals. Upstream evaluates other
formulas with sympy; here they are compared by our own grading. VLMEvalKit has an LLM extract what its own rule for
options cannot read, and compares with another `is_equal` (1e-6); that is left out.

Layouts: VLMEvalKit's MathVision.tsv (`choices`, `category`) and the hub table (`options`, `subject`, `level`). The
level is the authors' own where there is no column of measured difficulty.
Levels: JierunChen/MathVision_with_difficulty_level, the same problems with measured difficulty (see `columns.level`).
"""

import re
from string import ascii_uppercase

from synergy.benchmarks.benchmark import Benchmark, HubTable, Instruction, Row
from synergy.benchmarks.columns import choices, identity, level, optional, tags, text
from synergy.benchmarks.equality import formulas_equal, plain_number
from synergy.benchmarks.images import images_of
from synergy.benchmarks.metrics import overall_and_by
from synergy.benchmarks.options import without_hint
from synergy.benchmarks.stated import last_boxed
from synergy.benchmarks.verdicts import official_verdict
from synergy.data.options import gold_letter
from synergy.records import AnswerKind, Problem, Verdict

_FLAGS = tuple(
    f"{article}{rest}"
    for rest in ("he final answer is", "he answer is", "he correct answer is", "he answer should be")
    for article in "tT"
)
_NOISE = re.compile(
    r"\\,|\\!|\\text|\\mbox|\\left|\\right|\^\{?\\circ\}?|\{?m\}?\^3|\{?units\}?|\{?km\}?|\\?%|\\?\$|\s"
)
_WRAPPED_LETTER = re.compile(r"\{?\(([a-e])\)\}?|\{([a-e])\}")


def _read(row: Row) -> Problem:
    options = choices(row, "choices", "options")
    answer = text(row, "answer")
    found = tags(row, "subject", "level")
    category = optional(row, "category")
    return Problem(
        id=identity(row, "index", "id"),
        question=_question(without_hint(text(row, "question")), options),
        answer=gold_letter(answer, options) if options else answer,
        answer_kind=AnswerKind.OPTION if options else AnswerKind.EXPRESSION,
        images=images_of(row),
        choices=options,
        source="mathvision",
        family=found.get("subject", category),
        level=level(row, "level"),
        tags={"subject": category, **found} if category else found,
    )


def _question(written: str, options: tuple[str, ...]) -> str:
    if not options or "Choices:" in written:
        return written
    shown = (f"({letter}) {option}" for letter, option in zip(ascii_uppercase, options, strict=False))
    return "\n".join([written, "Choices:", *shown])


def _instruction(problem: Problem) -> Instruction:
    """The hint that stands before the question, as in MathVista.

    VLMEvalKit puts its table's question, hint included. The wording is that of the questions which its
    vlmeval/dataset/utils/mathv.py shows the judge as examples before the table's own; the table was not looked at.
    """
    wanted = "correct option letter, e.g., A, B, C, D," if problem.choices else "final answer"
    return Instruction(before=f"Hint: Please answer the question and provide the {wanted} at the end.\nQuestion: ")


def _official(problem: Problem, response: str) -> Verdict:
    answer = _answer(response.strip())
    golds = [problem.answer]
    if problem.choices:
        golds.append(problem.choices[ascii_uppercase.index(problem.answer)])
    correct = bool(answer) and any(_equal(gold, answer) for gold in golds)
    return official_verdict("mathvision/equal", correct=correct, extracted=answer)


def _answer(response: str) -> str:
    for letter in "ABCDE":
        closing = (f" {letter}.", f" ({letter}).")
        opening = (f"{letter}\n", f"({letter})\n", f"({letter}) {letter}\n")
        if response.endswith(closing) or response.startswith(opening):
            response = letter
    tail = response.rpartition("is ")[2].rstrip(".")
    if plain_number(tail) is not None:
        response = tail
    boxed = last_boxed(response)
    answer = boxed if boxed is not None else _after_flags(response)
    answer = answer.lower().rpartition("=")[2].rpartition("\\approx")[2]
    return _WRAPPED_LETTER.sub(r"\1\2", _NOISE.sub("", answer)).rstrip(".").lstrip(":").strip()


def _after_flags(response: str) -> str:
    """What follows the last flag, up to the end of its line or sentence; the whole response where there is none."""
    for flag in _FLAGS:
        if flag in response:
            response = response.rpartition(flag)[2].strip().split("\n")[0].split(". ")[0]
    return response


def _equal(gold: str, answer: str) -> bool:
    wanted, number = plain_number(gold), plain_number(answer)
    if wanted is not None and number is not None:
        return round(wanted, 2) == round(number, 2)
    if len(gold) == 1 and gold.isalpha():
        return gold.lower() == answer.lower()
    return formulas_equal(answer, gold.lower())


MATHVISION = Benchmark(
    name="mathvision",
    title="MATH-Vision test",
    source="2402.14804; mathllm/MATH-V, evaluation; VLMEvalKit, vlmeval/dataset/utils/mathv.py",
    hub=HubTable(repository="MathLLMs/MathVision", split="test"),
    tsv="MathVision",
    instruction=_instruction,
    columns=("question", "answer", "choices|options"),
    read=_read,
    official=_official,
    official_source="mathllm/MATH-V, evaluation; formulas are compared by our grading where upstream evaluates them",
    metrics=overall_and_by("subject"),
    main_metric="overall",
)
