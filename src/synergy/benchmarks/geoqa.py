"""GeoQA as R1-V tests it: 754 geometry problems of Geo170K's test part, free answers such as 140° or 2√3 cm.

Rule (Deep-Agent/R1-V, src/eval/test_qwen2vl_geoqa_multigpu.py): math-verify's default reading of the whole response
equals its reading of the gold answer, to six decimals. See `plain_math` for what that reads, and overlooks: of the gold
answer 2√{3} only the 2 counts, √{3} is right for nobody, and the number before the tags may decide.
It reproduces R1-V's published verdicts item by item: 231 and 292 of 754 (30.63 → 38.72).
"""

from fractions import Fraction

from synergy.benchmarks.benchmark import Benchmark, Instruction, Row
from synergy.benchmarks.columns import identity, level, text
from synergy.benchmarks.equality import formulas_equal
from synergy.benchmarks.images import images_of
from synergy.benchmarks.metrics import overall_and_by
from synergy.benchmarks.plain_math import read_plain_math
from synergy.benchmarks.verdicts import official_verdict
from synergy.records import AnswerKind, Problem, Verdict

_DECIMALS = 6


def _read(row: Row) -> Problem:
    return Problem(
        id=identity(row, "id"),
        question=text(row, "question", "problem"),
        answer=text(row, "ground_truth"),
        answer_kind=AnswerKind.EXPRESSION,
        images=images_of(row),
        source="geoqa",
        level=level(row),
    )


def _instruction(_: Problem) -> Instruction:
    """Deep-Agent/R1-V, src/eval/test_qwen2vl_geoqa_multigpu.py, QUESTION_TEMPLATE."""
    return Instruction(
        after=" Output the thinking process in <think> </think> and final answer (number) in <answer> </answer> tags."
    )


def _official(problem: Problem, response: str) -> Verdict:
    gold, found = read_plain_math(problem.answer), read_plain_math(response)
    if isinstance(gold, Fraction) and isinstance(found, Fraction):
        correct = round(gold, _DECIMALS) == round(found, _DECIMALS)
    else:
        correct = gold is not None and found is not None and formulas_equal(str(found), str(gold))
    return official_verdict("geoqa/math-verify", correct=correct, extracted=None if found is None else str(found))


GEOQA = Benchmark(
    name="geoqa",
    title="GeoQA (R1-V test)",
    source="Deep-Agent/R1-V; Geo170K, 2312.11370",
    hub=None,  # R1-V publishes its prompts file, the pictures are Geo170K's
    tsv=None,
    instruction=_instruction,
    columns=("question|problem", "ground_truth"),
    read=_read,
    official=_official,
    official_source="Deep-Agent/R1-V, src/eval/test_qwen2vl_geoqa_multigpu.py; only arithmetic is computed",
    metrics=overall_and_by(),
    main_metric="overall",
)
