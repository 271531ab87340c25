"""Which evaluation sets a claim is about: the study's own questions, text alone, or tasks that nobody trains on."""

from typing import Literal

from synergy.config.study import EvaluationSetConfig
from synergy.evaluation.set_roles import is_held_out
from synergy.studies.claims.claim import LackingError
from synergy.studies.results import StudyResults

Role = Literal["main", "text", "held_out"]

_LACKING = {
    "main": "an evaluation set with pictures",
    "text": "an evaluation set of text alone (named text…)",
    "held_out": "an evaluation set of held-out tasks (named held_out…, or of the pocket's held-out families)",
}


def sets_of(results: StudyResults, role: Role) -> list[str]:
    """The names of the sets with that role; raises LackingError where there is none."""
    found = [each.name for each in results.study.evaluation.sets if role_of(results, each) == role]
    if not found:
        raise LackingError(_LACKING[role])
    return found


def role_of(results: StudyResults, config: EvaluationSetConfig) -> Role:
    """Text: named so, or none of its problems has an image. Held out: named so, or of families nobody trains on."""
    if config.name.startswith("text") or _has_no_images(results, config.name):
        return "text"
    return "held_out" if is_held_out(config.name, config.data) else "main"


def _has_no_images(results: StudyResults, name: str) -> bool:
    cells = [cell.sets[name] for cell in results.cells if name in cell.sets]
    return bool(cells) and not any(problem.images for problem in cells[0].problems)
