"""GSM8K test: 1,319 grade-school word problems with whole numbers as answers (2110.14168).

Gold answers follow "#### " in the column answer. Three rules go by the name of GSM8K:

* `official`, the authors' (openai/grade-school-math, dataset.py): the number after "####", as text without commas.
  Only models that were tuned on the set write that, so the last number of the response stands in where there is none,
  as lm-evaluation-harness's flexible-extract has it.
* `answer_line`, of the authors' example solutions: the text after the last "A:" is the gold one's, commas apart. It
  reproduces all 5,276 of their published flags.
* `tora`, ToRA's (see `equality.tora_equal`): on an answer that was extracted before, such as a program's output. It
  reproduces ToRA's published 84.3 and 80.7.

No instruction: the authors tune on the set, and the harnesses that ask for "####" show examples of it, which are not
ours to give.
"""

import re

from synergy.benchmarks.benchmark import Benchmark, HubTable, Row
from synergy.benchmarks.columns import identity, level, text
from synergy.benchmarks.equality import tora_equal
from synergy.benchmarks.instructions import no_demand
from synergy.benchmarks.metrics import overall_and_by
from synergy.benchmarks.verdicts import official_verdict
from synergy.errors import InputError
from synergy.records import AnswerKind, Problem, Verdict

_HASHES = re.compile(r"#### (-?[0-9.,]+)")
_NUMBER = re.compile(r"-?[$0-9.,]{2,}|-?[0-9]+")
_GOLD = "####"


def _read(row: Row) -> Problem:
    answer = text(row, "answer").rpartition(_GOLD)[2]  # saved responses often hold the number alone
    if not _NUMBER.search(answer):
        raise InputError(f"answer has no number after '{_GOLD}'; expected the gold number")
    return Problem(
        id=identity(row, "id", "idx"),
        question=text(row, "question"),
        answer=answer.strip().replace(",", ""),
        answer_kind=AnswerKind.NUMBER,
        source="gsm8k",
        level=level(row),
    )


def _official(problem: Problem, response: str) -> Verdict:
    marked = _HASHES.search(response)
    numbers = [marked[1]] if marked else _NUMBER.findall(response)
    answer = numbers[-1].replace(",", "").replace("$", "").rstrip(".") if numbers else None
    return official_verdict(
        "gsm8k/hashes" if marked else "gsm8k/last-number", correct=answer == problem.answer, extracted=answer
    )


def answer_line(problem: Problem, response: str) -> Verdict:
    """Right where the text after the last "A:" is the gold answer's, commas apart; a response without one is wrong."""
    _, marker, answer = response.rpartition("A:")
    extracted = answer.strip().replace(",", "") if marker else None
    correct = extracted == problem.answer.replace(",", "")
    return official_verdict("gsm8k/answer-line", correct=correct, extracted=extracted)


def tora(problem: Problem, answer: str) -> Verdict:
    """Right where an extracted answer equals the gold one by ToRA's tolerance and percentages."""
    return official_verdict("gsm8k/tora", correct=tora_equal(answer, problem.answer), extracted=answer)


GSM8K = Benchmark(
    name="gsm8k",
    title="GSM8K test",
    source="2110.14168; openai/grade-school-math",
    hub=HubTable(repository="openai/gsm8k", name="main", split="test"),
    tsv=None,
    instruction=no_demand,
    columns=("question", "answer"),
    read=_read,
    official=_official,
    official_source="openai/grade-school-math, grade_school_math/dataset.py; the last number where nothing is marked",
    metrics=overall_and_by(),
    main_metric="overall",
)
