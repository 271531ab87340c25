"""The built-in world's evaluation split as something to evaluate on."""

from collections.abc import Mapping, Sequence

from synergy.benchmarks.benchmark import Graded, Value
from synergy.evaluation.evaluation_set import EvaluationSet
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
        metrics=pocket_metrics,
        main_metric="accuracy",
        official=None,
        official_source="",
        data=f"built in, families {', '.join(chosen)}",
        data_sha256=None,
    )


def pocket_metrics(graded: Sequence[Graded]) -> Mapping[str, Value]:
    """Accuracy, the mean score (which counts partial credit), and the accuracy of each family.

    An unscored attempt counts as not correct and as a score of 0.
    """
    by_family: dict[str, list[bool]] = {}
    for each in graded:
        by_family.setdefault(each.problem.family, []).append(each.verdict.correct)
    num = len(graded)
    values = {
        "accuracy": Value(value=sum(each.verdict.correct for each in graded) / num, num=num),
        "mean_score": Value(value=sum(each.verdict.score or 0.0 for each in graded) / num, num=num),
    }
    for family, correct in sorted(by_family.items()):
        values[f"accuracy/{family}"] = Value(value=sum(correct) / len(correct), num=len(correct))
    return values
