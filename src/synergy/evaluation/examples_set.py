"""Any data set as something to evaluate on: the pocket's sections, files and hub data, as `synergy.data` opens them."""

from synergy.data.examples import Examples
from synergy.evaluation.benchmark_sets import FirstProblems
from synergy.evaluation.evaluation_set import EvaluationSet
from synergy.evaluation.plain_metrics import plain_metrics
from synergy.records import Problem


class ExampleProblems:
    """The problems of examples; demonstrations stay behind."""

    def __init__(self, examples: Examples) -> None:
        self._examples = examples

    def __len__(self) -> int:
        """How many."""
        return len(self._examples)

    def __getitem__(self, index: int) -> Problem:
        """The problem at an index from 0."""
        return self._examples[index].problem


def examples_set(
    examples: Examples,
    name: str,
    title: str,
    *,
    data: str = "",
    data_sha256: str | None = None,
    limit: int | None = None,
) -> EvaluationSet:
    """The problems of `examples`, or the first `limit` of them, by the rules of ours alone.

    `name` is of files and tables, `title` of charts; `data` says where they are from, `data_sha256` is of the file.
    """
    problems = ExampleProblems(examples)
    is_part = limit is not None and limit < len(problems)
    return EvaluationSet(
        name=name,
        title=title,
        source="none: rules and metrics are ours",
        problems=FirstProblems(problems, limit) if is_part and limit is not None else problems,
        metrics=plain_metrics,
        main_metric="accuracy",
        official=None,
        official_source="",
        data=data or name,
        data_sha256=data_sha256,
        limit=limit if is_part else None,
    )
