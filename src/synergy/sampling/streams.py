"""Random numbers of one response: a function of what the response is, never of what is decoded beside it.

One uniform number for each sampled token, from Philox (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
2011), whose key is a digest of everything that tells two responses apart.
"""

import json
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from synergy.records import Purpose, SampleRequest

_COUNTED_BITS = 12  #: together no more than the 53 bits that JSON's numbers have


@dataclass(frozen=True, kw_only=True)
class StreamKey:
    """Tells a response from all others of a run."""

    seed: int  #: of the run
    purpose: Purpose
    visit: int
    problem_id: str
    prefix: tuple[int, ...]  #: given token ids: a response with another beginning is another response
    sample_index: int

    @property
    def digest(self) -> int:
        """128 bits."""
        # as JSON, so that no two keys can be written alike
        fields = [self.seed, self.purpose.value, self.visit, self.problem_id, self.prefix, self.sample_index]
        return int.from_bytes(blake2b(json.dumps(fields).encode(), digest_size=16).digest(), "little")

    @property
    def server_seed(self) -> int:
        """For a server that draws by itself, which may count up from it for further samples of one request."""
        return (self.digest & (1 << 40) - 1) << _COUNTED_BITS

    def uniforms(self, count: int) -> np.ndarray:
        """The first `count` numbers in [0, 1), float64; one for each sampled token."""
        return np.random.Generator(np.random.Philox(key=self.digest)).random(count)


def prefix_ids(request: SampleRequest) -> tuple[int, ...]:
    """The token ids that a request's responses start with."""
    return () if request.prefix is None else tuple(int(index) for index in request.prefix)


def stream_keys(request: SampleRequest, *, seed: int, purpose: Purpose) -> list[StreamKey]:
    """One key for each of the request's samples."""
    return [
        StreamKey(
            seed=seed,
            purpose=purpose,
            visit=request.visit,
            problem_id=request.problem.id,
            prefix=prefix_ids(request),
            sample_index=index,
        )
        for index in range(request.num_samples)
    ]
