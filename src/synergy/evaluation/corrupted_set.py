"""An evaluation set whose pictures are turned into something else (`synergy.data.corruption`)."""

from dataclasses import replace

from synergy.config.data import ImagesAs
from synergy.config.protocol import ProtocolConfig
from synergy.data.corruption import Corruption
from synergy.evaluation.evaluation_set import EvaluationSet, HasTexts, Problems
from synergy.records import Problem


class CorruptedProblems:
    """Problems with other pictures; texts as they are."""

    def __init__(self, problems: Problems, how: ImagesAs) -> None:
        self._problems = problems
        self._corruption = Corruption(how, len(problems), problems.__getitem__)

    def __len__(self) -> int:
        """How many."""
        return len(self._problems)

    def __getitem__(self, index: int) -> Problem:
        """The problem at an index from 0."""
        return self._corruption.of(index, self._problems[index])

    def text(self, index: int) -> Problem:
        """The same without its images."""
        if isinstance(self._problems, HasTexts):
            return self._problems.text(index)
        return replace(self._problems[index], images=())


def with_images(on: EvaluationSet, how: ImagesAs) -> EvaluationSet:
    """The same set with its pictures turned into something else; itself where they are shown."""
    if how == "shown":
        return on
    return replace(on, problems=CorruptedProblems(on.problems, how), data=f"{on.data}, images {how}")


def renamed(on: EvaluationSet, how: ImagesAs, protocol: ProtocolConfig) -> EvaluationSet:
    """`with_images` under a name of its own, so that its scores are never taken for the benchmark's."""
    if how == "shown":
        return on
    return replace(
        with_images(on, how),
        name=f"{on.name}-{how}",
        title=f"{on.title}, images {how}",
        main_metric=protocol.metric_of(on.name) or on.main_metric,
    )
