"""The pocket as a data set: tasks are drawn when it is opened, pictures when an example is asked for."""

from dataclasses import replace

from synergy.config.data import PocketDataConfig
from synergy.data.examples import Example
from synergy.data.parts import place
from synergy.errors import InputError
from synergy.pocket import TRAINING_FAMILIES, Item, items
from synergy.pocket.tasks import LEVELS
from synergy.records import Demonstration

_MOST_DRAWN = 64  #: times the wanted number of problems, before a filter on traces is taken for too narrow


class PocketExamples:
    """The first `num_problems` items of the configured families and levels that pass the filter on traces."""

    has_demonstrations = True

    def __init__(self, config: PocketDataConfig) -> None:
        self._config = config
        self.items = self._passing()  #: in order
        self.ids = [f"{item.id}-text" if config.twins else item.id for item in self.items]

    def __len__(self) -> int:
        """How many items."""
        return len(self.items)

    def __getitem__(self, index: int) -> Example:
        """The problem with its picture or in words, and the expert's trace of the configured length."""
        item = self.items[index]
        problem = item.text_twin() if self._config.twins else item.problem()
        demonstration = replace(self._demonstration(item), problem_id=problem.id)
        columns = {"caption": item.caption(), "text_twin": item.text_twin().question}
        return Example(problem=problem, demonstrations=(demonstration,), columns=columns)

    def _demonstration(self, item: Item) -> Demonstration:
        match self._config.trace:
            case "long":
                return item.long()
            case "short":
                return item.short()
            case "direct":
                return item.direct()
            case "either":
                return item.direct() if place(item.id) < 0.5 else item.short()

    def _passing(self) -> list[Item]:
        num, wanted = self._config.num_problems, self._config.trace_contains
        if wanted is None:
            return self._drawn(num)
        factor, found = 1, list[Item]()
        while factor <= _MOST_DRAWN:
            found = [item for item in self._drawn(factor * num) if self._has_one(item, wanted)]
            if len(found) >= num:
                return found[:num]
            factor *= 2
        raise InputError(
            f"data.trace_contains {list(wanted)}: {len(found)} of {_MOST_DRAWN * num} {self._config.trace} traces have "
            f"one; expected {num}: other texts, or fewer problems"
        )

    def _has_one(self, item: Item, wanted: tuple[str, ...]) -> bool:
        trace = self._demonstration(item).trace.lower()
        return any(text.lower() in trace for text in wanted)

    def _drawn(self, num: int) -> list[Item]:
        config = self._config
        return items(
            config.split,
            num,
            families=TRAINING_FAMILIES if config.families is None else config.families,
            levels=LEVELS if config.levels is None else config.levels,
            seed=config.seed,
        )
