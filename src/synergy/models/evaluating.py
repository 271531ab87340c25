"""The policy without gradients and without dropout, which makes any two passes differ."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from synergy.models.policy import Policy


@contextmanager
def evaluating(policy: Policy) -> Iterator[None]:
    """Evaluation mode, and as it was afterwards; not inference mode, as features that are cached may be trained on."""
    training = policy.training
    policy.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        policy.train(training)
