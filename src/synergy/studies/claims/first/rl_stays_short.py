"""RL's answers stay short."""

from dataclasses import replace

from synergy.studies.claims.arms import arms_of, main_arms
from synergy.studies.claims.claim import FIRST, Claim, Evidence
from synergy.studies.claims.lengths import at_most_times, times_detail
from synergy.studies.claims.settings import SHORT_TIMES
from synergy.studies.results import StudyResults


def _judge(results: StudyResults) -> Evidence:
    base, rl = main_arms(results, "base", "rl")
    details = tuple(times_detail(results, sft, base) for sft in arms_of(results, "sft")[:1])
    return replace(at_most_times(results, rl, base, SHORT_TIMES), details=details)


CLAIM = Claim(
    name="rl_stays_short",
    source=f"{FIRST}, §2.2, figure 8",
    statement=f"RL's responses are less than {SHORT_TIMES:g} times as long as the base model's (the bound is ours).",
    needs=("base", "rl"),
    judge=_judge,
)
