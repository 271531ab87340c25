"""From the data section of a study's evaluation set to something to evaluate on."""

from synergy.config.benchmark_data import BenchmarkDataConfig, EvaluationDataConfig
from synergy.config.data import FileDataConfig
from synergy.data.load import open_data
from synergy.data.tables import tables_sha256
from synergy.evaluation.benchmark_sets import benchmark_set
from synergy.evaluation.corrupted_set import with_images
from synergy.evaluation.evaluation_set import EvaluationSet
from synergy.evaluation.examples_set import examples_set


def config_set(data: EvaluationDataConfig, name: str, title: str, *, is_instructed: bool) -> EvaluationSet:
    """The problems of a section, called `name` in files and `title` in charts; raises as their readers do.

    `is_instructed` puts a benchmark's own demand on the answer's format to its questions.
    """
    if isinstance(data, BenchmarkDataConfig):
        return with_images(benchmark_set(data, name, title, is_instructed=is_instructed), data.images)
    sha256 = tables_sha256(data.path) if isinstance(data, FileDataConfig) else None
    return examples_set(open_data(data), name, title, data=data.source, data_sha256=sha256)
