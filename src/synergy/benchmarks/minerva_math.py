"""Minerva's OCWCourses: 272 university problems in science and mathematics (2206.14858).

Gold answers stand in the last box of `solution`: numbers, formulas, equations. Rule: the last box of the response;
numbers within 1e-4 of the gold one, or of it as a percentage, as the scripts that come with these files have it (see
`equality.tora_equal`); other formulas by our own grading.
"""

from synergy.benchmarks.benchmark import Benchmark, HubTable, Row
from synergy.benchmarks.boxed import gold_of
from synergy.benchmarks.columns import identity, level, optional, text
from synergy.benchmarks.equality import plain_number, tora_equal
from synergy.benchmarks.instructions import boxed_after_reasoning
from synergy.benchmarks.metrics import overall_and_by
from synergy.benchmarks.stated import last_boxed
from synergy.benchmarks.verdicts import official_verdict
from synergy.records import AnswerKind, Problem, Verdict

RELATIVE_TOLERANCE = 1e-4


def _read(row: Row) -> Problem:
    course, answer = optional(row, "type"), gold_of(row)
    is_number = plain_number(answer) is not None
    return Problem(
        id=identity(row, "id", "idx"),
        question=text(row, "problem", "question"),
        answer=answer,
        answer_kind=AnswerKind.NUMBER if is_number else AnswerKind.EXPRESSION,
        source="minerva_math",
        family=course,
        level=level(row),
        relative_tolerance=RELATIVE_TOLERANCE if is_number else 0.0,
        tags={"course": course} if course else {},
    )


def _official(problem: Problem, response: str) -> Verdict:
    answer = last_boxed(response)
    correct = answer is not None and tora_equal(answer, problem.answer)
    return official_verdict("boxed/number-or-formula", correct=correct, extracted=answer)


MINERVA_MATH = Benchmark(
    name="minerva_math",
    title="Minerva Math (OCW)",
    source="2206.14858; hkust-nlp/simpleRL-reason",
    hub=HubTable(repository="math-ai/minervamath", split="test"),
    tsv=None,
    instruction=boxed_after_reasoning,
    columns=("problem|question", "solution|answer"),
    read=_read,
    official=_official,
    official_source="hkust-nlp/simpleRL-reason, math_equal: numbers within 1e-4; formulas are compared by our grading",
    metrics=overall_and_by("course"),
    main_metric="overall",
)
