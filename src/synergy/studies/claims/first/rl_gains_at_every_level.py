"""RL gains at all levels."""

from dataclasses import replace

from synergy.studies.claims.arms import main_arms
from synergy.studies.claims.claim import FIRST, Claim, Evidence
from synergy.studies.claims.contrasts import by_level
from synergy.studies.claims.evidence import all_of
from synergy.studies.results import StudyResults


def _judge(results: StudyResults) -> Evidence:
    base, rl = main_arms(results, "base", "rl")
    found = all_of(list(by_level(results, rl, base).values()))
    return replace(found, note="the paper's own figure 1 has RL below the base at level 1 on four of five benchmarks")


CLAIM = Claim(
    name="rl_gains_at_every_level",
    source=f"{FIRST}, §2.3, figure 1",
    statement="RL scores above the base model at every level.",
    needs=("base", "rl", "levels"),
    judge=_judge,
)
