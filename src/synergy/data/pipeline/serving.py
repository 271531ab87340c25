"""The pocket's exact server over a pipeline's own pocket sources, for the time of a run."""

from collections.abc import Iterator
from contextlib import contextmanager

from synergy.config.data import PocketDataConfig
from synergy.config.pipeline import PipelineConfig
from synergy.data.pocket import PocketExamples
from synergy.pocket.server.http import serving
from synergy.pocket.server.index import Index
from synergy.pocket.server.models import ExactModels


@contextmanager
def served(config: PipelineConfig) -> Iterator[str | None]:
    """The server's url while the block runs; None where the config starts none."""
    if config.serve is None:
        yield None
        return
    found = [each.data for each in config.sources.values() if isinstance(each.data, PocketDataConfig)]
    index = Index(item for data in found for item in PocketExamples(data).items)
    with serving(ExactModels(index, config.serve.faults), config.serve.latency_seconds) as url:
        yield url
