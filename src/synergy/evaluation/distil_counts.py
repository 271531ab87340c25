"""What became of the problems and responses of a self-distillation: `counts.json`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Literal

from synergy.config.base import Config
from synergy.config.distil import DistilConfig, TrimConfig
from synergy.config.load import load
from synergy.config.resolve import config_hash
from synergy.data.examples import Examples
from synergy.data.parts import place
from synergy.evaluation.breakdown_part import Number
from synergy.evaluation.distil_rows import Worked, chosen, worked
from synergy.evaluation.score_file import ModelPart
from synergy.evaluation.shards import write_whole
from synergy.evaluation.trimming import reaching, trimmed
from synergy.evaluation.verdicts import STRICT, GradedResponse
from synergy.prompts import PromptPreset
from synergy.records import Problem, VerdictStatus

COUNTS = "counts.json"
BY_PROBLEM = "by_problem.jsonl"


class DistilCounts(Config):
    """`counts.json`: what became of problems and responses."""

    kind: Literal["distilled"]
    model: ModelPart
    config: DistilConfig
    config_sha256: str
    num_problems: Number
    num_responses: Number
    num_generated_tokens: Number
    """of all responses, kept or not"""
    num_correct: Number
    """responses with the right answer; the numbers below add up to it"""
    num_kept: Number
    """rows of the model's own"""
    num_not_laid_out: Number
    """correct, but not laid out as the prompt asks: dropped"""
    num_not_reaching: Number = 0
    """correct and well laid out, but without its reflections the trace does not say the answer: dropped"""
    num_trimmed: Number = 0
    """kept ones whose trace was cut; among `num_kept`"""
    num_not_chosen: Number
    """correct and well laid out, but `keep` takes another one of the same problem"""
    num_truncated: Number
    """cut off, or with thinking that never ends; among the wrong ones"""
    num_unscored: Number
    """without a response, or undecided; among the wrong ones"""
    num_problems_kept: Number
    """problems with a response of the model's own in the table"""
    num_demonstrations: Number
    """rows that were added for problems without"""
    num_problems_left_out: Number
    """problems that are not in the table"""
    num_rows: Number
    num_validation_rows: Number = 0
    """those of them that are in validation.parquet"""


@dataclass(frozen=True, kw_only=True)
class Solved:
    """A problem's responses after sorting."""

    num_correct: int
    num_laid_out: int
    num_reaching: int  #: of those, after reflections were cut off
    num_trimmed: int  #: of those that are kept
    kept: tuple[Worked, ...]
    num_responses: int


def sorted_out(graded: Sequence[GradedResponse], preset: PromptPreset, config: DistilConfig) -> dict[str, Solved]:
    """By problem, in their order: what is right, what of it is laid out as asked, what of that is kept."""
    found: dict[str, Solved] = {}
    for problem_id, members in groupby(graded, key=lambda each: each.problem.id):
        attempts = list(members)
        correct = [each for each in attempts if each.verdicts[STRICT].correct]
        laid_out = [made for each in correct if (made := worked(each, preset)) is not None]
        reached = laid_out if config.trim is None or not laid_out else _cut(correct[0].problem, laid_out, config.trim)
        kept = chosen(reached, config.keep, draw=(config.seed, int(place(problem_id) * (1 << 53))))
        whole = {each.run: each.trace for each in laid_out}
        found[problem_id] = Solved(
            num_responses=len(attempts),
            num_correct=len(correct),
            num_laid_out=len(laid_out),
            num_reaching=len(reached),
            num_trimmed=sum(each.trace != whole[each.run] for each in kept),
            kept=tuple(kept),
        )
    return found


def _cut(problem: Problem, found: Sequence[Worked], trim: TrimConfig) -> list[Worked]:
    """The traces without reflections, those that still say the answer; a whole trace stays without being read."""
    cut = [replace(each, trace=trimmed(each.trace, trim.cues)) for each in found]
    is_whole = [one.trace == other.trace for one, other in zip(cut, found, strict=True)]
    says = reaching(problem, [each.trace for each in cut])
    return [each for each, whole, said in zip(cut, is_whole, says, strict=True) if whole or said]


def count(
    graded: Sequence[GradedResponse],
    solved: Mapping[str, Solved],
    examples: Examples,
    config: DistilConfig,
    model: ModelPart,
) -> DistilCounts:
    """The counts; `solved` has every problem of `examples`."""
    num_kept = sum(len(each.kept) for each in solved.values())
    num_correct = sum(each.num_correct for each in solved.values())
    num_laid_out = sum(each.num_laid_out for each in solved.values())
    num_reaching = sum(each.num_reaching for each in solved.values())
    num_problems_kept = sum(bool(each.kept) for each in solved.values())
    adds = config.unsolved == "demonstrate"
    unsolved = [index for index, problem_id in enumerate(examples.ids) if not solved[problem_id].kept]
    num_demonstrations = sum(len(examples[index].demonstrations) for index in unsolved) if adds else 0
    return DistilCounts(
        kind="distilled",
        model=model,
        config=config,
        config_sha256=config_hash(config),
        num_problems=len(examples),
        num_responses=len(graded),
        num_generated_tokens=sum(each.response.num_tokens or 0 for each in graded),
        num_correct=num_correct,
        num_kept=num_kept,
        num_not_laid_out=num_correct - num_laid_out,
        num_not_reaching=num_laid_out - num_reaching,
        num_trimmed=sum(each.num_trimmed for each in solved.values()),
        num_not_chosen=num_reaching - num_kept,
        num_truncated=sum(each.response.truncated for each in graded),
        num_unscored=sum(each.verdicts[STRICT].status is VerdictStatus.UNSCORED for each in graded),
        num_problems_kept=num_problems_kept,
        num_demonstrations=num_demonstrations,
        num_problems_left_out=0 if adds else len(unsolved),
        num_rows=num_kept + num_demonstrations,
    )


def read_counts(folder: Path) -> DistilCounts:
    """The counts in a folder; raises FileError or InputError."""
    return load(folder / COUNTS, DistilCounts)


def write_counts(counts: DistilCounts, folder: Path) -> None:
    """Write them whole or not at all; raises FileError."""
    write_whole(folder / COUNTS, [json.dumps(counts.model_dump(mode="json"), indent=2), "\n"])


def write_by_problem(solved: Mapping[str, Solved], folder: Path) -> None:
    """A line a problem: how many responses were right and well laid out, which are kept; raises FileError."""
    write_whole(folder / BY_PROBLEM, (json.dumps(_fields(*item)) + "\n" for item in solved.items()))


def _fields(problem_id: str, each: Solved) -> dict[str, object]:
    return {
        "id": problem_id,
        "num_responses": each.num_responses,
        "num_correct": each.num_correct,
        "num_laid_out": each.num_laid_out,
        "num_reaching": each.num_reaching,
        "num_trimmed": each.num_trimmed,
        "kept_runs": [kept.run for kept in each.kept],
        "kept_tokens": [kept.num_tokens for kept in each.kept],
    }
