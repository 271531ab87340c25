"""SFT before RL costs."""

from dataclasses import replace

from synergy.studies.claims.arms import arms_of, main_arms
from synergy.studies.claims.claim import SECOND, Claim, Evidence
from synergy.studies.claims.contrasts import overall
from synergy.studies.claims.evidence import below, detail
from synergy.studies.claims.pool import pool
from synergy.studies.results import StudyResults


def _judge(results: StudyResults) -> Evidence:
    two_stage, rl = main_arms(results, "two_stage", "rl")
    found = overall(results, two_stage, rl, below)
    others = [arm for arm in arms_of(results, "two_stage") if arm != two_stage]
    more = [detail(f"{arm} − {rl}", pool(results, [arm, rl]).overall.over(arm, rl)) for arm in others]
    return replace(found, details=(*found.details, *more))


CLAIM = Claim(
    name="sft_then_rl_below_rl",
    source=f"{SECOND}, §4.2, table 3, figure 5",
    statement="SFT followed by RL scores below RL alone.",
    needs=("two_stage", "rl"),
    judge=_judge,
)
