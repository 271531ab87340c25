"""SVAMP: 1,000 one-step word problems, the second sentence of each asks (2103.07191).

Rule: the last box, else the last number of the response, equal to the gold number by ToRA's tolerance (microsoft/ToRA,
src/eval; the authors' own rule is for equations, which chat models do not write).
"""

import re

from synergy.benchmarks.benchmark import Benchmark, HubTable, Row
from synergy.benchmarks.columns import identity, level, optional, tags, text
from synergy.benchmarks.equality import plain_number, tora_equal
from synergy.benchmarks.instructions import boxed_after_reasoning
from synergy.benchmarks.metrics import overall_and_by
from synergy.benchmarks.stated import last_boxed
from synergy.benchmarks.verdicts import official_verdict
from synergy.errors import InputError
from synergy.records import AnswerKind, Problem, Verdict

_NUMBER = re.compile(r"-?[0-9][0-9,]*(?:\.[0-9]+)?")


def _read(row: Row) -> Problem:
    answer = text(row, "Answer")
    value = plain_number(answer)
    if value is None:
        raise InputError(f"Answer is '{answer}'; expected a number")
    body = optional(row, "Body")
    joiner = " " if body.endswith((".", "?", "!", ",")) else ". "
    return Problem(
        id=identity(row, "ID", "idx"),
        question=f"{body}{joiner}{text(row, 'Question')}" if body else text(row, "Question"),
        answer=str(int(value)) if value.is_integer() else str(value),
        answer_kind=AnswerKind.NUMBER,
        source="svamp",
        family=optional(row, "Type"),
        level=level(row),
        tags=tags(row, "Type"),
    )


def _official(problem: Problem, response: str) -> Verdict:
    numbers = _NUMBER.findall(response)
    answer = last_boxed(response) or (numbers[-1] if numbers else None)
    correct = answer is not None and tora_equal(answer, problem.answer)
    return official_verdict("svamp/number", correct=correct, extracted=answer)


SVAMP = Benchmark(
    name="svamp",
    title="SVAMP",
    source="2103.07191; arkilpatel/SVAMP",
    hub=HubTable(repository="ChilleD/SVAMP", split="test"),
    tsv=None,
    instruction=boxed_after_reasoning,
    columns=("Question", "Answer"),
    read=_read,
    official=_official,
    official_source="microsoft/ToRA, src/eval/grader.py: numbers within 1e-4",
    metrics=overall_and_by("Type"),
    main_metric="overall",
)
