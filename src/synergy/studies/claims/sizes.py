"""One arm trained on several numbers of problems: arms that differ in nothing else, or an axis."""

from dataclasses import dataclass

from synergy.studies.claims.arms import arms_of, changes, main_arms
from synergy.studies.claims.axes import along, at, find_axis, is_path_of, num_problems
from synergy.studies.claims.claim import LackingError
from synergy.studies.claims.pool import pool
from synergy.studies.claims.weighted import Weighted
from synergy.studies.results import StudyResults


@dataclass(frozen=True, kw_only=True, eq=False)
class Sizes:
    """Scores by number of problems."""

    scores: Weighted
    by_size: dict[int, str]  #: the arm in `scores`, sizes ascending


def sft_sizes(results: StudyResults) -> Sizes:
    """SFT alone where there are several sizes of it, else SFT before RL; raises LackingError."""
    for recipe in ("sft", "two_stage"):
        arms = _arms_by_size(results, recipe)
        if len(arms) > 1:
            return Sizes(scores=pool(results, list(arms.values())).overall, by_size=arms)
    (sft,) = main_arms(results, "sft")
    try:
        axis = find_axis(results, "problems")
    except LackingError:
        raise LackingError("arms of recipe sft that differ in sft.data.num_problems alone, or such an axis") from None
    return axis_sizes(results, axis, sft)


def axis_sizes(results: StudyResults, axis: str, *arms: str) -> Sizes:
    """The first arm's sizes along an axis; the other arms are in the scores too."""
    labels = sorted((size, label) for label, size in num_problems(results, axis).items())
    return Sizes(scores=along(results, axis, arms), by_size={size: at(arms[0], label) for size, label in labels})


def _arms_by_size(results: StudyResults, recipe: str) -> dict[int, str]:
    """Arms of a recipe that say how many problems SFT has and change nothing else, sizes ascending."""
    found: dict[int, str] = {}
    for arm in arms_of(results, recipe):
        changed = changes(results, arm)
        sizes = [value for path, value in changed.items() if path.startswith("sft.") and is_path_of(path, "problems")]
        if len(changed) == len(sizes) == 1 and isinstance(sizes[0], int):
            found[sizes[0]] = arm
    return dict(sorted(found.items()))
