"""The mixed reward is better than its rule-based part alone."""

from collections.abc import Mapping

from pydantic import JsonValue

from synergy.studies.claims.arms import pair_differing
from synergy.studies.claims.claim import SECOND, Claim, Evidence, LackingError
from synergy.studies.claims.contrasts import overall
from synergy.studies.results import StudyResults

_OPEN_ENDED = ".reward.open_ended"


def _judge(results: StudyResults) -> Evidence:
    pair = pair_differing(results, "rl", _is_open_ended, lambda changed: not _has_open_ended(changed, default=True))
    pair = pair or pair_differing(
        results, "rl", _is_open_ended, lambda changed: not _has_open_ended(changed, default=False)
    )
    if pair is None:
        raise LackingError("two arms of recipe rl that differ in reward.open_ended alone, null in one")
    rules, mixed = pair
    return overall(results, mixed, rules)


def _is_open_ended(path: str) -> bool:
    return path.endswith(_OPEN_ENDED) or f"{_OPEN_ENDED}." in path


def _has_open_ended(changed: Mapping[str, JsonValue], *, default: bool) -> bool:
    """Whether an arm has the open-ended term, `default` where it changes nothing about it."""
    values = [value for path, value in changed.items() if _is_open_ended(path)]
    return any(value is not None for value in values) if values else default


CLAIM = Claim(
    name="mixed_reward_wins",
    source=f"{SECOND}, §4.4, table 5",
    statement="RL with the mixed reward scores above RL with its rule-based terms alone.",
    needs=("rl", "rl without the open-ended reward"),
    judge=_judge,
)
