"""On hard problems SFT does better than RL."""

from dataclasses import replace

from synergy.studies.claims.arms import main_arms
from synergy.studies.claims.claim import FIRST, Claim, Evidence, LackingError
from synergy.studies.claims.contrasts import by_level
from synergy.studies.claims.evidence import any_of
from synergy.studies.results import StudyResults

_HARD = (4, 5)


def _judge(results: StudyResults) -> Evidence:
    sft, rl = main_arms(results, "sft", "rl")
    levels = by_level(results, sft, rl)
    hard = [levels[level] for level in _HARD if level in levels]
    if not hard:
        raise LackingError("problems of level 4 or 5")
    return replace(any_of(hard), note="refuted only where SFT is below RL at both levels")


CLAIM = Claim(
    name="sft_wins_at_hard",
    source=f"{FIRST}, §2.3, figure 1",
    statement="At level 4 or at level 5 SFT scores above RL.",
    needs=("sft", "rl", "levels"),
    judge=_judge,
)
