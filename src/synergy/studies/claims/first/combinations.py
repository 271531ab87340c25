"""Each of the five combinations of SFT and RL is no better than the better of both alone: overall, and at any level."""

from dataclasses import replace

from synergy.statistics.synergy import SynergyEstimate
from synergy.studies.claims.arms import COMBINATIONS, main_arms
from synergy.studies.claims.claim import FIRST, Claim, Detail, Evidence
from synergy.studies.claims.evidence import all_of
from synergy.studies.claims.no_better import no_better
from synergy.studies.claims.pool import needs_levels, pool
from synergy.studies.results import StudyResults

_SECTIONS = {
    "two_stage": "§3.1",
    "interleaved": "§3.1",
    "progressive": "§3.1",
    "data_mixing": "§3.2",
    "merging": "§3.3",
}


def _overall(results: StudyResults, recipe: str) -> Evidence:
    combination, sft, rl = main_arms(results, recipe, "sft", "rl")
    found = pool(results, [combination, sft, rl])
    synergies = {level: found.level(level).synergy(combination, sft, rl) for level in found.known_levels}
    means = tuple((arm, found.overall.mean(arm), None, None) for arm in (combination, sft, rl))
    evidence = no_better(found.overall.synergy(combination, sft, rl))
    return replace(evidence, details=(*means, *(_detail(level, each) for level, each in synergies.items())))


def _at_levels(results: StudyResults, recipe: str) -> Evidence:
    combination, sft, rl = main_arms(results, recipe, "sft", "rl")
    found = pool(results, [combination, sft, rl])
    synergies = {level: found.level(level).synergy(combination, sft, rl) for level in needs_levels(found)}
    evidence = all_of([no_better(each) for each in synergies.values()])
    return replace(evidence, details=tuple(_detail(level, each) for level, each in synergies.items()))


def _detail(level: int, found: SynergyEstimate) -> Detail:
    return f"synergy, L{level}", found.estimate, found.low, found.high


def _claims(recipe: str) -> tuple[Claim, Claim]:
    name = recipe.replace("_", " ").capitalize()
    return (
        Claim(
            name=f"{recipe}_no_better",
            source=f"{FIRST}, {_SECTIONS[recipe]}, table 6",
            statement=f"{name} is no better than the better of SFT and RL alone.",
            needs=(recipe, "sft", "rl"),
            judge=lambda results: _overall(results, recipe),
        ),
        Claim(
            name=f"{recipe}_no_better_at_any_level",
            source=f"{FIRST}, {_SECTIONS[recipe]}, figure 1",
            statement=f"{name} is at no level better than the better of SFT and RL alone there.",
            needs=(recipe, "sft", "rl", "levels"),
            judge=lambda results: _at_levels(results, recipe),
        ),
    )


CLAIMS = tuple(claim for recipe in COMBINATIONS for claim in _claims(recipe))
