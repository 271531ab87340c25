"""A sampler that follows the policy: it takes over new weights when it is next asked, not after every update."""

from collections.abc import Callable, Sequence

import torch

from synergy.models.loading import LoadedModel
from synergy.records import Purpose, RolloutGroup, Sampler, SampleRequest
from synergy.training.tensors import weight_tensors
from synergy.training.trained_policy import TrainedPolicy


class SyncedSampler:
    """Samples with the policy's current weights; called by all processes alike, each with its own requests."""

    def __init__(self, sampler: Sampler, policy: TrainedPolicy, replica: LoadedModel | None) -> None:
        """`replica` is the model that `sampler` runs where the policy itself is sharded, else None."""
        self.sampler = sampler
        self.policy = policy
        self.replica = replica
        self.is_stale = False

    def update_weights(self) -> None:
        """Note that the weights have changed."""
        self.is_stale = True

    def sample(
        self,
        requests: Sequence[SampleRequest],
        *,
        purpose: Purpose,
        temperature: float | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> list[RolloutGroup]:
        """As `Sampler.sample`."""
        if self.is_stale:
            self._take_over()
        if not requests:
            return []
        return self.sampler.sample(requests, purpose=purpose, temperature=temperature, on_progress=on_progress)

    def _take_over(self) -> None:
        if self.replica is not None:
            weights = weight_tensors(self.policy)
            with torch.no_grad():
                for name, parameter in self.replica.model.named_parameters():
                    if name in weights:
                        parameter.copy_(weights[name])
        self.sampler.update_weights()
        self.is_stale = False
