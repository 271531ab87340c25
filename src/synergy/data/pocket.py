"""The pocket as a data set: tasks are drawn when it is opened, pictures when an example is asked for."""

from synergy.config.data import PocketDataConfig
from synergy.data.examples import Example
from synergy.pocket import TRAINING_FAMILIES, items
from synergy.pocket.tasks import LEVELS


class PocketExamples:
    """The first `num_problems` items of the configured families and levels."""

    has_demonstrations = True

    def __init__(self, config: PocketDataConfig) -> None:
        self._items = items(
            config.split,
            config.num_problems,
            families=TRAINING_FAMILIES if config.families is None else config.families,
            levels=LEVELS if config.levels is None else config.levels,
            seed=config.seed,
        )
        self._trace = config.trace
        self.ids = [item.id for item in self._items]

    def __len__(self) -> int:
        """How many items."""
        return len(self._items)

    def __getitem__(self, index: int) -> Example:
        """The problem with its picture, and the expert's trace of the configured length."""
        item = self._items[index]
        demonstration = item.long() if self._trace == "long" else item.short()
        return Example(problem=item.problem(), demonstrations=(demonstration,))
