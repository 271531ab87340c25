"""Which pool a kept sample goes to: as its source says, else as the split says, within the source's limits."""

import hashlib
from collections.abc import Iterable

from synergy.config.pipeline import PipelineConfig
from synergy.data.pipeline.sample import Fate
from synergy.data.pipeline.samples import Finished
from synergy.data.pipeline.steps.split import POOL


class Pools:
    """Of all kept samples; where a source has too many, those with the lowest hashes of their keys stay."""

    def __init__(self, config: PipelineConfig, samples: Iterable[Finished]) -> None:
        found: dict[tuple[str, str], list[str]] = {}
        for sample in samples:
            if sample.fate is Fate.KEPT:
                pool = config.sources[sample.source].pool or _of_split(sample)
                found.setdefault((sample.source, pool), []).append(sample.key)
        self._pools: dict[str, str] = {}
        for (source, pool), keys in found.items():
            limits = config.sources[source]
            most = limits.most_rl if pool == "rl" else limits.most_sft
            kept = keys if most is None else sorted(keys, key=_hash)[:most]
            self._pools.update(dict.fromkeys(kept, pool))

    def of(self, key: str) -> str | None:
        """ "rl" or "sft"; None for a sample that was dropped or is over a limit."""
        return self._pools.get(key)


def _of_split(sample: Finished) -> str:
    pools = [record["details"][POOL] for record in sample.steps if POOL in record["details"]]
    assert pools, "the config makes sure that every sample has a pool"
    return pools[-1]


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
