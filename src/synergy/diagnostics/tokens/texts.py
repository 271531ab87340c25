"""Some responses of an evaluation as texts to score: the same problems for every model that is compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synergy.diagnostics.samples import Sample, read_samples


@dataclass(frozen=True, kw_only=True)
class WrittenText:
    """A response, and the evaluation that it is from."""

    folder: Path
    sample: Sample


def choose_texts(responses: Mapping[str, Path], names: Sequence[str], num: int, seed: int) -> list[WrittenText]:
    """First attempts at `num` problems, from the named evaluation sets in turn; all of them where there are fewer.

    Which problems depends on their ids and the seed alone, so that other models' answers to the same are chosen too.
    """
    by_set = [_shuffled(responses[name], seed) for name in names]
    found: list[WrittenText] = []
    for index in range(max((len(each) for each in by_set), default=0)):
        found += [each[index] for each in by_set if index < len(each)]
    return found[:num]


def _shuffled(folder: Path, seed: int) -> list[WrittenText]:
    firsts = {sample.problem_id: sample for sample in reversed(list(read_samples(folder)))}
    ids = sorted(firsts)
    order = np.random.default_rng(seed).permutation(len(ids))
    return [WrittenText(folder=folder, sample=firsts[ids[index]]) for index in order]
