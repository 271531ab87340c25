"""Attempts that wait for free slots; a prompt is run when the first response to it starts, an image is encoded once."""

from collections import Counter
from collections.abc import Sequence

from synergy.config.sampling import LocalConfig
from synergy.models.policy import Policy
from synergy.models.vision import ImageFeatures
from synergy.sampling.cohort import Cohort
from synergy.sampling.prompt_states import PromptStates, run_prompts
from synergy.sampling.responses import ResponseRows
from synergy.sampling.stopping import StopRule
from synergy.sampling.work import Batch, Task, batches


class Starts:
    """What is still to be started of `tasks`."""

    def __init__(
        self, policy: Policy, config: LocalConfig, tasks: Sequence[Task], *, stop_rule: StopRule, max_tokens: int
    ) -> None:
        self.policy = policy
        self.config = config
        self.stop_rule = stop_rule
        self.max_tokens = max_tokens
        self._waiting = batches(tasks, max_rows=config.cohort, max_tokens=config.prefill_tokens)[::-1]
        self._num_started = 0  # rows of the next batch, which may be more than there are slots
        self._states: PromptStates | None = None  # of the next batch
        self._features: dict[str, ImageFeatures] = {}
        self._uses = Counter(item.key for task in tasks for item in task.prompt.items)  # still to come, by image

    def start(self, num_alive: int) -> list[Cohort]:
        """Cohorts for the slots that `num_alive` responses leave free.

        A batch waits until there is a slot for all of it, or until nothing else is decoded.
        """
        started: list[Cohort] = []
        while self._waiting:
            batch = self._waiting[-1]
            if self._states is None:
                self._states = self._run(batch)
            free = self._num_slots(self._states) - num_alive
            rows = batch.rows[self._num_started :]
            if num_alive and len(rows) > free:
                break
            rows = rows[:free]
            attempts = [attempt for _, attempt in rows]
            responses = ResponseRows(attempts, stop_rule=self.stop_rule, max_tokens=self.max_tokens)
            started.append(Cohort(self._states, [index for index, _ in rows], responses))
            num_alive += len(rows)
            self._num_started += len(rows)
            if self._num_started == len(batch.rows):
                self._waiting.pop()
                self._states, self._num_started = None, 0
        return started

    def _num_slots(self, states: PromptStates) -> int:
        row_bytes = states.token_bytes * self.max_tokens
        return max(1, min(self.config.slots, self.config.cache_bytes // row_bytes))

    def _run(self, batch: Batch) -> PromptStates:
        """Run a batch's prompts; features of an image are kept until the last prompt that shows it."""
        items = [item for task in batch.tasks for item in task.prompt.items]
        missing = [item for item in items if item.key not in self._features]
        if missing:
            self._features.update(self.policy.encode(missing))
        states = run_prompts(self.policy, [task.prompt for task in batch.tasks], self._features)
        self._uses.subtract(item.key for item in items)
        for item in items:
            if not self._uses[item.key]:
                self._features.pop(item.key, None)
        return states
