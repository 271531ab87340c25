"""The built-in world's evaluation split as something to evaluate on."""

from collections.abc import Sequence

from synergy.evaluation.evaluation_set import EvaluationSet
from synergy.evaluation.plain_metrics import plain_metrics
from synergy.pocket import FAMILIES, items
from synergy.pocket.world import Item
from synergy.records import Problem

NUM_PROBLEMS = 500  #: where nobody says how many; ours


class PocketProblems:
    """Items of the evaluation split, families and levels in turn; pictures are drawn at each access."""

    def __init__(self, chosen: Sequence[Item]) -> None:
        self._items = chosen

    def __len__(self) -> int:
        """How many items."""
        return len(self._items)

    def __getitem__(self, index: int) -> Problem:
        """The item as a problem."""
        return self._items[index].problem()

    def text(self, index: int) -> Problem:
        """The same without its picture, which is then not drawn."""
        return self._items[index].text_problem()


def pocket_set(*, num_problems: int = NUM_PROBLEMS, families: Sequence[str] | None = None) -> EvaluationSet:
    """The first `num_problems` of these families (None for all, held-out ones included), by the rules of ours alone.

    Raises InputError for an unknown family.
    """
    chosen = list(FAMILIES) if families is None else list(families)
    return EvaluationSet(
        name="pocket",
        title="Pocket evaluation split",
        source="synergy.pocket",
        problems=PocketProblems(items("evaluation", num_problems, families=chosen)),
        metrics=plain_metrics,
        main_metric="accuracy",
        official=None,
        official_source="",
        data=f"built in, families {', '.join(chosen)}",
        data_sha256=None,
    )
