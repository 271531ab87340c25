"""Which stored responses are put before a model again, and the model as it is run then."""

from pathlib import Path

import numpy as np

from synergy.config.model import ModelConfig
from synergy.diagnostics.samples import Sample, read_samples


def drawn_samples(folder: Path, num: int, seed: int) -> list[Sample]:
    """The first response to each of `num` problems drawn by the seed, for all models the same ones."""
    first: dict[str, Sample] = {}
    for sample in read_samples(folder):
        first.setdefault(sample.problem_id, sample)
    ids = sorted(first)
    order = np.random.default_rng(seed).permutation(len(ids))[:num]
    return [found for index in sorted(order) if (found := first[ids[index]]).text]


def config_of(model: Path) -> ModelConfig:
    """A stored model as it is run here: nothing trained, in float32."""
    return ModelConfig(checkpoint=str(model))
