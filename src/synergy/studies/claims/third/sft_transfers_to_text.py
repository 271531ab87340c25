"""SFT on pictures helps more with text than RL does."""

from synergy.studies.claims.arms import main_arms
from synergy.studies.claims.claim import THIRD, Claim, Evidence
from synergy.studies.claims.contrasts import overall
from synergy.studies.results import StudyResults


def _judge(results: StudyResults) -> Evidence:
    sft, rl = main_arms(results, "sft", "rl")
    return overall(results, sft, rl, role="text")


CLAIM = Claim(
    name="sft_transfers_to_text",
    source=f"{THIRD}, abstract",
    statement="On problems of text alone SFT scores above RL, both trained on problems with pictures.",
    needs=("sft", "rl", "evaluation set of text alone"),
    judge=_judge,
)
