"""Leaving out the questions that the base model always solves hurts RL."""

from collections.abc import Mapping

from pydantic import JsonValue

from synergy.config.choose import PassCountRule
from synergy.studies.claims.arms import pair_differing
from synergy.studies.claims.claim import FIRST, Claim, Evidence, LackingError
from synergy.studies.claims.contrasts import overall
from synergy.studies.results import StudyResults

#: paths that may leave out the easiest: a stage's levels, or the stage that chooses among problems
_LEVELS, _CHOICE = ".data.levels", "options.choose"


def _judge(results: StudyResults) -> Evidence:
    pair = pair_differing(results, "rl", _is_filter, lambda changed: _drops_easiest(results, changed))
    if pair is None:
        raise LackingError("two arms of recipe rl, one without the easiest questions and else the same")
    without, whole = pair
    return overall(results, whole, without)


def _is_filter(path: str) -> bool:
    return path.endswith(_LEVELS) or path == _CHOICE


def _drops_easiest(results: StudyResults, changed: Mapping[str, JsonValue]) -> bool:
    for path, value in changed.items():
        if path.endswith(_LEVELS) and isinstance(value, list) and 1 not in value:
            return True
        if path == _CHOICE and _drops_solved(results.study.stages[str(value)].get("rule")):
            return True
    return False


def _drops_solved(rule: JsonValue) -> bool:
    if not isinstance(rule, dict) or rule.get("by") != "pass_count":
        return False
    num = rule.get("samples_per_problem", PassCountRule.model_fields["samples_per_problem"].default)
    return int(str(rule["at_most"])) < int(str(num))


CLAIM = Claim(
    name="easiest_questions_help",
    source=f"{FIRST}, §2.2, table 3, figure 5",
    statement="RL without the questions that the base model solves in all 8 attempts ends below RL with them.",
    needs=("rl", "rl without the easiest questions"),
    judge=_judge,
)
