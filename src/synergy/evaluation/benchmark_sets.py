"""From a benchmark's name and file to something to evaluate on."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from synergy.benchmarks.benchmark import Benchmark, HubTable
from synergy.benchmarks.registry import BENCHMARKS, get_benchmark
from synergy.benchmarks.tables import open_benchmark
from synergy.config.benchmark_data import BenchmarkDataConfig
from synergy.errors import InputError, unknown_name
from synergy.evaluation.evaluation_set import EvaluationSet, Problems
from synergy.evaluation.pocket_set import NUM_PROBLEMS, pocket_set
from synergy.file_hash import file_sha256
from synergy.records import Problem

POCKET = "pocket"


class FirstProblems:
    """The first `num` of some problems."""

    def __init__(self, problems: Problems, num: int) -> None:
        self._problems = problems
        self._num = num

    def __len__(self) -> int:
        """How many."""
        return self._num

    def __getitem__(self, index: int) -> Problem:
        """The problem at an index from 0."""
        return self._problems[index]


class InstructedProblems:
    """Problems whose questions carry the benchmark's own demand on the answer's format."""

    def __init__(self, benchmark: Benchmark, problems: Problems) -> None:
        self._benchmark = benchmark
        self._problems = problems

    def __len__(self) -> int:
        """How many."""
        return len(self._problems)

    def __getitem__(self, index: int) -> Problem:
        """The problem at an index from 0."""
        problem = self._problems[index]
        return replace(problem, question=self._benchmark.asked(problem))


def check_names(names: Sequence[str]) -> None:
    """Raise InputError for a name that is no benchmark, or that is given twice."""
    for name in names:
        if name != POCKET and name not in BENCHMARKS:
            raise unknown_name("benchmark", name, (*BENCHMARKS, POCKET))
        if list(names).count(name) > 1:
            raise InputError(f"benchmark {name} is named twice; expected each once")


def open_set(
    name: str,
    path: Path | None,
    *,
    limit: int | None = None,
    families: Sequence[str] | None = None,
    is_instructed: bool = False,
) -> EvaluationSet:
    """The benchmark of that name, or the pocket's evaluation split; raises as `open_benchmark` and `pocket_set`.

    `is_instructed` puts the benchmark's own demand on the answer's format to the question; the pocket has none.
    """
    if name == POCKET:
        if path is not None:
            raise InputError(f"--data {path} for the pocket, which is built in; expected none: leave it out")
        return pocket_set(num_problems=limit or NUM_PROBLEMS, families=families)
    return _opened(get_benchmark(name), path, limit=limit, is_instructed=is_instructed)


def benchmark_set(config: BenchmarkDataConfig, name: str, title: str, *, is_instructed: bool) -> EvaluationSet:
    """The benchmark of a study's section, called as the study calls it; raises as `open_benchmark`."""
    benchmark = get_benchmark(config.benchmark)
    if config.repository is not None:
        split = config.split or (benchmark.hub.split if benchmark.hub else "test")
        benchmark = replace(benchmark, hub=HubTable(repository=config.repository, split=split, name=config.name))
    found = _opened(benchmark, config.path, limit=config.limit, is_instructed=is_instructed)
    return replace(found, name=name, title=title)


def _opened(benchmark: Benchmark, path: Path | None, *, limit: int | None, is_instructed: bool) -> EvaluationSet:
    data = open_benchmark(benchmark, path)
    problems = InstructedProblems(benchmark, data) if is_instructed else data
    found = set_of(benchmark, problems, data=data.label, data_sha256=file_sha256(path) if path else None)
    if limit is None or limit >= len(data):
        return found
    return replace(found, problems=FirstProblems(problems, limit), limit=limit)


def set_of(benchmark: Benchmark, problems: Problems, *, data: str, data_sha256: str | None) -> EvaluationSet:
    """Some problems with a benchmark's rule and metrics."""
    return EvaluationSet(
        name=benchmark.name,
        title=benchmark.title,
        source=benchmark.source,
        problems=problems,
        metrics=benchmark.metrics,
        main_metric=benchmark.main_metric,
        official=benchmark.official,
        official_source=benchmark.official_source,
        data=data,
        data_sha256=data_sha256,
    )
