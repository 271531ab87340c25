"""MATH-500: 500 problems of the MATH test set, seven subjects, five levels (2305.20050, data 2103.03874).

The MATH test set itself reads too: its subject stands in `type`, its answer in the last box of `solution`.
"""

from synergy.benchmarks.benchmark import Benchmark, HubTable, Row
from synergy.benchmarks.boxed import boxed_formula, gold_of
from synergy.benchmarks.columns import identity, level, optional, text
from synergy.benchmarks.instructions import therefore_boxed
from synergy.benchmarks.metrics import overall_and_by
from synergy.records import AnswerKind, Problem


def _read(row: Row) -> Problem:
    subject = optional(row, "subject", "type")
    return Problem(
        id=identity(row, "unique_id", "idx"),
        question=text(row, "problem"),
        answer=gold_of(row),
        answer_kind=AnswerKind.EXPRESSION,
        source="math500",
        family=subject,
        level=level(row, "level"),
        tags={"subject": subject} if subject else {},
    )


MATH500 = Benchmark(
    name="math500",
    title="MATH-500",
    source="2305.20050; openai/prm800k",
    hub=HubTable(repository="HuggingFaceH4/MATH-500", split="test"),
    tsv=None,
    instruction=therefore_boxed,
    columns=("problem", "answer|solution"),
    read=_read,
    official=boxed_formula,
    official_source="hendrycks/math: the last box; formulas are compared by our grading where upstream uses its own",
    metrics=overall_and_by("subject"),
    main_metric="overall",
)
