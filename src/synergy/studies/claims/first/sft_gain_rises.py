"""The harder the problems, the more SFT gains."""

from dataclasses import replace

from synergy.studies.claims.arms import main_arms
from synergy.studies.claims.claim import FIRST, Claim, Evidence
from synergy.studies.claims.contrasts import level_details
from synergy.studies.claims.evidence import above
from synergy.studies.claims.pool import needs_levels, pool
from synergy.studies.results import StudyResults


def _judge(results: StudyResults) -> Evidence:
    base, sft = main_arms(results, "base", "sft")
    found = pool(results, [base, sft])
    needs_levels(found)
    return replace(
        above(found.trend.over(sft, base)),
        num_seeds=found.trend.num_seeds,
        details=tuple(level_details(found, sft, base)),
    )


CLAIM = Claim(
    name="sft_gain_rises",
    source=f"{FIRST}, §2.3, figure 1",
    statement="SFT's gain over the base model rises with the level: its slope, per level, is above 0.",
    needs=("base", "sft", "levels"),
    judge=_judge,
)
