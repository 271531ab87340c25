"""Leaving out the questions that the base model always solves hurts RL."""

from collections.abc import Mapping

from pydantic import JsonValue

from synergy.studies.claims.arms import pair_differing
from synergy.studies.claims.claim import FIRST, Claim, Evidence, LackingError
from synergy.studies.claims.contrasts import overall
from synergy.studies.results import StudyResults

#: paths whose value says that the easiest are left out: a stage's levels without 1, or a switch of that name
_LEVELS, _SWITCH = ".data.levels", "without_solved"


def _judge(results: StudyResults) -> Evidence:
    pair = pair_differing(results, "rl", _is_filter, _drops_easiest)
    if pair is None:
        raise LackingError("two arms of recipe rl, one without the easiest questions and else the same")
    without, whole = pair
    return overall(results, whole, without)


def _is_filter(path: str) -> bool:
    return path.endswith((_LEVELS, f".{_SWITCH}"))


def _drops_easiest(changed: Mapping[str, JsonValue]) -> bool:
    for path, value in changed.items():
        if path.endswith(_LEVELS) and isinstance(value, list) and 1 not in value:
            return True
        if path.endswith(f".{_SWITCH}") and value:
            return True
    return False


CLAIM = Claim(
    name="easiest_questions_help",
    source=f"{FIRST}, §2.2, table 3, figure 5",
    statement="RL without the questions that the base model solves in all 8 attempts ends below RL with them.",
    needs=("rl", "rl without the easiest questions"),
    judge=_judge,
)
