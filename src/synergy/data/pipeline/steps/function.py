"""A function of the user's own as a step."""

import threading
from collections.abc import Mapping
from typing import Any

from synergy.config.pipeline_steps import FILLED, FunctionConfig, step_name
from synergy.data.pipeline.sample import Fate, Sample, StepRecord
from synergy.errors import InputError
from synergy.grading.rewards.plugin_file import load_function, told_in_one_line

_DROP = "drop"
_WHAT = "pipeline function"


class FunctionStep:
    """Calls it with the fields, the images (`images`) and the sample's key (`id`); one call at a time."""

    def __init__(self, config: FunctionConfig) -> None:
        """Load it; raises FileError or InputError."""
        self.name = step_name(config)
        self._label = config.path
        file, _, function = config.path.rpartition(":")
        self._function = load_function(file, function, what=_WHAT)[0]
        self._settable = (*FILLED, *config.sets)
        self._lock = threading.Lock()

    def run(self, sample: Sample) -> StepRecord:
        """What it changed; raises InputError where it fails or returns something else."""
        given = {**sample.values(), "images": list(sample.problem.images), "id": sample.key}
        with self._lock, told_in_one_line(self._label, f"failed at {sample.key}", "the changed fields", what=_WHAT):
            returned = self._function(given)
        changed = self._checked(returned)
        reason = changed.pop(_DROP, "")
        fate = Fate.DROPPED if reason else Fate.KEPT
        return StepRecord(step=self.name, fate=fate, reason=reason, changed={} if reason else changed)

    def _checked(self, returned: Any) -> dict[str, str]:
        expected = f"expected a mapping of texts by field, of: {', '.join((*self._settable, _DROP))}"
        if not isinstance(returned, Mapping):
            raise InputError(f"{_WHAT} {self._label}: returned {type(returned).__name__}; {expected}")
        for name, value in returned.items():
            if name not in (*self._settable, _DROP) or not isinstance(value, str):
                raise InputError(f"{_WHAT} {self._label}: returned {name}: {type(value).__name__}; {expected}")
        return {str(name): str(value) for name, value in returned.items()}
