"""SFT loses on the easiest problems."""

from synergy.studies.claims.arms import main_arms
from synergy.studies.claims.claim import FIRST, Claim, Evidence
from synergy.studies.claims.contrasts import by_level
from synergy.studies.claims.evidence import below
from synergy.studies.results import StudyResults


def _judge(results: StudyResults) -> Evidence:
    base, sft = main_arms(results, "base", "sft")
    levels = by_level(results, sft, base, below)
    return levels[min(levels)]


CLAIM = Claim(
    name="sft_hurts_easiest",
    source=f"{FIRST}, §2.3, figure 1",
    statement="At the easiest level SFT scores below the base model.",
    needs=("base", "sft", "levels"),
    judge=_judge,
)
