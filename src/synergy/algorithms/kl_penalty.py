"""KL against the reference as part of what is rewarded. As a term of the loss it is in `synergy.training.kl`."""

import numpy as np
from jaxtyping import Float

from synergy.config.loss import KlConfig
from synergy.errors import InputError
from synergy.records import Rollout


def token_kl(rollout: Rollout, kl: KlConfig) -> Float[np.ndarray, "tokens"]:
    """The estimate at each token, in nats; 0 at given tokens, which the policy did not choose.

    Raises InputError where the rollout has not been scored by the policy and the reference.
    """
    if rollout.policy_logprobs is None or rollout.reference_logprobs is None:
        raise InputError(
            f"attempt {rollout.sample_index} at problem '{rollout.problem_id}' has no log-probs of the policy and the "
            f"reference; expected both, as loss.kl.place is {kl.place}"
        )
    difference = rollout.policy_logprobs.astype(np.float64) - rollout.reference_logprobs
    match kl.estimator:
        case "k1":
            values = difference
        case "k2":
            values = difference**2 / 2
        case _:
            values = np.exp(-difference) + difference - 1
    sampled = np.arange(len(values)) >= rollout.num_guided_tokens
    return np.where(sampled, values, 0.0)


def kl_to_come(rollout: Rollout, kl: KlConfig) -> Float[np.ndarray, "tokens"]:
    """For each token the KL of itself and all later ones: what place `return` takes from its advantage, over β."""
    return np.cumsum(token_kl(rollout, kl)[::-1])[::-1]
