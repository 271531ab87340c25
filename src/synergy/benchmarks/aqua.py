"""AQuA-RAT test: 254 algebraic word problems with five options (1705.04146).

Rule (the scripts that come with these files, after Qwen2.5-Math): the last lone letter A … E of the last box, else of
what follows the last "answer is", else of the response.
"""

import re

from synergy.benchmarks.benchmark import Benchmark, HubTable, Row
from synergy.benchmarks.columns import identity, level, text, values
from synergy.benchmarks.instructions import boxed_after_reasoning
from synergy.benchmarks.metrics import overall_and_by
from synergy.benchmarks.options import show_options
from synergy.benchmarks.stated import last_boxed
from synergy.benchmarks.verdicts import official_verdict
from synergy.data.options import gold_letter
from synergy.records import AnswerKind, Problem, Verdict

_LABEL = re.compile(r"\s*\(?[A-E]\)\s*")
_LETTER = re.compile(r"\b([A-E])\b")
_ANSWER = re.compile(r"(?:answer|choice) is", re.IGNORECASE)


def _read(row: Row) -> Problem:
    options = tuple(_LABEL.sub("", str(option), count=1).strip() for option in values(row.get("options")))
    return Problem(
        id=identity(row, "id", "idx"),
        question=show_options(text(row, "question"), options),
        answer=gold_letter(text(row, "correct"), options),
        answer_kind=AnswerKind.OPTION,
        choices=options,
        source="aqua",
        level=level(row),
    )


def _official(problem: Problem, response: str) -> Verdict:
    answer = last_boxed(response) or _ANSWER.split(response)[-1]
    letters = _LETTER.findall(answer.upper())
    letter = letters[-1] if letters else None
    return official_verdict("aqua/letter", correct=letter == problem.answer, extracted=letter)


AQUA = Benchmark(
    name="aqua",
    title="AQuA-RAT test",
    source="1705.04146; google-deepmind/AQuA",
    hub=HubTable(repository="deepmind/aqua_rat", name="raw", split="test"),
    tsv=None,
    instruction=boxed_after_reasoning,
    columns=("question", "options", "correct"),
    read=_read,
    official=_official,
    official_source="hkust-nlp/simpleRL-reason, choice_answer_clean: the last letter A to E",
    metrics=overall_and_by(),
    main_metric="overall",
)
