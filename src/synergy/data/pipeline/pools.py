"""Where a kept sample goes: to the pool that its source or else the split names, within the source's limits."""

import hashlib
from collections.abc import Iterable

from synergy.config.pipeline import PipelineConfig
from synergy.data.pipeline.sample import Fate
from synergy.data.pipeline.samples import Finished
from synergy.data.pipeline.steps.split import POOL

OVER, NO_TRACE = "over_the_limit", "no_trace"


class Pools:
    """Of all kept samples; where a source has too many, those with the lowest hashes of their keys stay."""

    def __init__(self, config: PipelineConfig, samples: Iterable[Finished]) -> None:
        found: dict[tuple[str, str], list[str]] = {}
        for sample in samples:
            if sample.fate is Fate.KEPT:
                pool = config.sources[sample.source].pool or _of_split(sample)
                pool = NO_TRACE if pool == "sft" and not sample.fields["reasoning"] else pool
                found.setdefault((sample.source, pool), []).append(sample.key)
        self._pools: dict[str, str] = {}
        for (source, pool), keys in found.items():
            limits = config.sources[source]
            most = {"rl": limits.most_rl, "sft": limits.most_sft}.get(pool)
            kept = keys if most is None else sorted(keys, key=_hash)[:most]
            self._pools.update(dict.fromkeys(keys, OVER))
            self._pools.update(dict.fromkeys(kept, pool))

    def of(self, key: str) -> str | None:
        """ "rl" or "sft", else why a kept sample is in neither; None for a sample that was not kept."""
        return self._pools.get(key)


def _of_split(sample: Finished) -> str:
    pools = [record["details"][POOL] for record in sample.steps if POOL in record["details"]]
    assert pools, "the config makes sure that every sample has a pool"
    return pools[-1]


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
