"""Which arms of a study a claim is about: by recipe, and variants by what the plan says they differ in.

`PlanFile.differences` gives each arm's recipe, its recipe's options (`options.NAME`) and the leaves that it changes in
stages (`STAGE.PATH`). The *main* arm of a recipe is the one called as the recipe, else the one that changes least.
"""

from collections.abc import Callable, Mapping
from itertools import permutations

from pydantic import JsonValue

from synergy.studies.claims.claim import LackingError
from synergy.studies.results import StudyResults

COMBINATIONS = ("two_stage", "interleaved", "progressive", "data_mixing", "merging")


def arms_of(results: StudyResults, recipe: str) -> list[str]:
    """The shown arms of a recipe, in the study's order."""
    return list({run.arm: None for run in results.plan.runs if run.recipe == recipe and run.shown})


def main_arms(results: StudyResults, *recipes: str) -> list[str]:
    """The main arm of each recipe; raises LackingError naming all recipes that no arm has."""
    lacking = [f"an arm of recipe {recipe}" for recipe in recipes if not arms_of(results, recipe)]
    if lacking:
        raise LackingError(*lacking)
    return [_main(results, recipe) for recipe in recipes]


def changes(results: StudyResults, arm: str) -> dict[str, JsonValue]:
    """What an arm changes, by path; the recipe apart."""
    found = results.plan.differences.get(arm, {})
    return {path: value for path, value in found.items() if path != "recipe"}


def pair_differing(
    results: StudyResults,
    recipe: str,
    is_about: Callable[[str], bool],
    is_first: Callable[[Mapping[str, JsonValue]], bool],
) -> tuple[str, str] | None:
    """Two arms of a recipe that differ only in paths that `is_about` takes; `is_first` takes the first arm alone."""
    for one, other in permutations(arms_of(results, recipe), 2):
        ours, theirs = changes(results, one), changes(results, other)
        paths = [path for path in {**ours, **theirs} if ours.get(path, _UNSAID) != theirs.get(path, _UNSAID)]
        if paths and all(map(is_about, paths)) and is_first(ours) and not is_first(theirs):
            return one, other
    return None


_UNSAID = object()


def _main(results: StudyResults, recipe: str) -> str:
    arms = arms_of(results, recipe)
    return recipe if recipe in arms else min(arms, key=lambda arm: len(changes(results, arm)))
