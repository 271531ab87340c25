"""What an evaluation set is to a study: its own kind of tasks, or tasks that nobody trains on."""

from collections.abc import Sequence

from synergy.config.benchmark_data import EvaluationDataConfig
from synergy.config.data import PocketDataConfig
from synergy.pocket import HELD_OUT_FAMILIES

_NAMED = ("held_out", "held-out", "ood")


def is_held_out(name: str, data: EvaluationDataConfig) -> bool:
    """Whether its tasks are in no training: the name begins so, or all are of the pocket's held-out families."""
    families: Sequence[str] | None = data.families if isinstance(data, PocketDataConfig) else None
    return name.startswith(_NAMED) or (families is not None and set(families) <= set(HELD_OUT_FAMILIES))
