"""SuperCLEVR as R1-V tests it: 200 questions about how many things are in a picture.

Rule (Deep-Agent/R1-V, src/eval/test_qwen2vl_counting_superclevr.py): the first digits that stand alone between answer
tags are the gold number. It reproduces R1-V's published verdicts item by item: 96 and 165 of 200 (48.0 → 82.5).
"""

import re

from synergy.benchmarks.benchmark import Benchmark, Instruction, Row
from synergy.benchmarks.columns import identity, level, text
from synergy.benchmarks.images import images_of
from synergy.benchmarks.metrics import overall_and_by
from synergy.benchmarks.verdicts import official_verdict
from synergy.errors import InputError
from synergy.records import AnswerKind, Problem, Verdict

_ANSWER = re.compile(r"<answer>\s*([0-9]{1,100})\s*</answer>")


def _read(row: Row) -> Problem:
    answer = text(row, "ground_truth")
    if not (answer.isascii() and answer.isdigit()):
        raise InputError(f"ground_truth is '{answer}'; expected a whole number")
    return Problem(
        id=identity(row, "id"),
        question=text(row, "question"),
        answer=answer,
        answer_kind=AnswerKind.INTEGER,
        images=images_of(row),
        source="superclevr",
        level=level(row),
    )


def _instruction(_: Problem) -> Instruction:
    """QUESTION_TEMPLATE of the script above, as its copies in three forks have it."""
    return Instruction(
        after=" First output the thinking process in <think> </think> and final answer (number) in <answer> </answer> "
        "tags."
    )


def _official(problem: Problem, response: str) -> Verdict:
    match = _ANSWER.search(response)
    correct = match is not None and int(match[1]) == int(problem.answer)
    return official_verdict("superclevr/tags", correct=correct, extracted=match[1] if match else None)


SUPERCLEVR = Benchmark(
    name="superclevr",
    title="SuperCLEVR (R1-V test)",
    source="Deep-Agent/R1-V; Super-CLEVR, 2212.00259",
    hub=None,  # R1-V publishes its prompts file, the pictures are Super-CLEVR's
    tsv=None,
    instruction=_instruction,
    columns=("question", "ground_truth"),
    read=_read,
    official=_official,
    official_source="Deep-Agent/R1-V, src/eval/test_qwen2vl_counting_superclevr.py; nothing is left out",
    metrics=overall_and_by(),
    main_metric="overall",
)
