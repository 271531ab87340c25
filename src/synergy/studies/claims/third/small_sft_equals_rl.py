"""A small SFT set does as well as RL on ten times the problems."""

from collections.abc import Mapping
from dataclasses import replace

from synergy.statistics.bootstrap import BootstrapDifference
from synergy.studies.claims.arms import main_arms
from synergy.studies.claims.axes import at, find_axis, num_problems
from synergy.studies.claims.claim import THIRD, Claim, Evidence, LackingError
from synergy.studies.claims.evidence import at_least, detail
from synergy.studies.claims.settings import MANY_TIMES, MARGIN
from synergy.studies.claims.sizes import axis_sizes
from synergy.studies.results import StudyResults


def _judge(results: StudyResults) -> Evidence:
    sft, rl = main_arms(results, "sft", "rl")
    axis = find_axis(results, "problems")
    by_label = sorted((size, label) for label, size in num_problems(results, axis).items())
    (small, _), (large, most) = by_label[0], by_label[-1]
    if large < MANY_TIMES * small:
        raise LackingError(
            f"an axis of numbers of problems that spans a factor of {MANY_TIMES} (here {small} to {large})"
        )
    sizes = axis_sizes(results, axis, sft, rl)
    target = at(rl, most)
    differences = {size: sizes.scores.over(arm, target) for size, arm in sizes.by_size.items()}
    return replace(
        at_least(differences[small], MARGIN),
        num_seeds=sizes.scores.num_seeds,
        details=tuple(detail(f"SFT on {size} − RL on {large}", each) for size, each in differences.items()),
        note=f"supported where less than {100 * MARGIN:g} point below, a margin of ours; {_enough(differences)}",
    )


def _enough(differences: Mapping[int, BootstrapDifference]) -> str:
    reached = [size for size, each in differences.items() if each.estimate >= 0]
    return (
        f"the smallest SFT set at or above that RL has {reached[0]} problems"
        if reached
        else "no SFT set reaches that RL"
    )


CLAIM = Claim(
    name="small_sft_equals_rl",
    source=f"{THIRD}, abstract",
    statement="SFT on the smallest set does at least as well as RL on ten times the problems (2 K and 20 K there).",
    needs=("sft", "rl", "axis of numbers of problems"),
    judge=_judge,
)
