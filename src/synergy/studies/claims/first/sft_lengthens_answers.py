"""SFT on long traces makes answers longer."""

from synergy.studies.claims.arms import main_arms
from synergy.studies.claims.claim import FIRST, Claim, Evidence
from synergy.studies.claims.lengths import longer
from synergy.studies.results import StudyResults


def _judge(results: StudyResults) -> Evidence:
    base, sft = main_arms(results, "base", "sft")
    return longer(results, sft, base)


CLAIM = Claim(
    name="sft_lengthens_answers",
    source=f"{FIRST}, §2.1, figure 8",
    statement="After SFT on long traces responses are longer than the base model's (the paper: more than ten times).",
    needs=("base", "sft"),
    judge=_judge,
)
