"""Without its KL term RL collapses, and ends lower."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from pydantic import JsonValue

from synergy.studies.claims.arms import pair_differing
from synergy.studies.claims.claim import FIRST, Claim, Evidence, LackingError
from synergy.studies.claims.contrasts import overall
from synergy.studies.claims.curves import fall_from_peak, train_keys, train_values
from synergy.studies.claims.settings import COLLAPSE
from synergy.studies.results import StudyResults

_KL = ".algorithm.loss.kl."


def _judge(results: StudyResults) -> Evidence:
    pair = pair_differing(results, "rl", lambda path: _KL in path, _has_no_kl)
    if pair is None:
        raise LackingError("two arms of recipe rl that differ in algorithm.loss.kl alone, one with coefficient 0")
    without, with_kl = pair
    return replace(overall(results, with_kl, without), note=_note(_fall(results, with_kl), _fall(results, without)))


def _has_no_kl(changed: Mapping[str, JsonValue]) -> bool:
    ends = {path.partition(_KL)[2]: value for path, value in changed.items() if _KL in path}
    return ends.get("place") == "none" or ends.get("coefficient") == 0


def _fall(results: StudyResults, arm: str) -> float:
    runs = [run for run in results.plan.runs if run.arm == arm]
    curves = [train_values(results, key, "reward/mean")[1] for run in runs for key in train_keys(results, run)[-1:]]
    return float(np.mean([fall_from_peak(curve) for curve in curves])) if curves else 0.0


def _note(with_kl: float, without: float) -> str:
    collapsed = "" if without >= COLLAPSE else ": no collapse here"
    return f"reward fell from its peak by {with_kl:.0%} with KL, by {without:.0%} without{collapsed}"


CLAIM = Claim(
    name="kl_keeps_rl_from_collapse",
    source=f"{FIRST}, §2.2, table 2, figure 4",
    statement="RL with a KL term ends above RL without one (whose reward collapses in the paper).",
    needs=("rl", "rl without KL"),
    judge=_judge,
)
