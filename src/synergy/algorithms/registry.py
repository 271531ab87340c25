"""All algorithms by name: annotate a step, say which scores that needs, and check a group size before training."""

from collections.abc import Sequence
from dataclasses import dataclass

from synergy.algorithms import (
    cispo,
    dapo,
    dft,
    dr_grpo,
    grpo,
    gspo,
    interleaved,
    progressive,
    reinforce_pp,
    rloo,
    sft,
)
from synergy.algorithms.state import AlgorithmState
from synergy.config import algorithm as sections
from synergy.config import mixing
from synergy.config.algorithm_sections import PolicyGradientSection
from synergy.errors import InputError
from synergy.records import RolloutGroup, TokenSignal


@dataclass(frozen=True, kw_only=True)
class Needs:
    """Which log-probs each rollout must carry before annotation and loss."""

    policy_logprobs: bool
    reference_logprobs: bool
    sampler_logprobs: bool


def annotate(
    groups: Sequence[RolloutGroup], config: sections.AlgorithmConfig, state: AlgorithmState
) -> list[TokenSignal]:
    """One signal per rollout, in order, for the groups of a whole step over all ranks.

    The whole step, because some advantages are normalised over it. Raises InputError for rollouts that the algorithm
    does not learn from, for too small a group, and for missing log-probs.
    """
    match config:
        case sections.SftConfig():
            return sft.annotate(groups, config, state)
        case sections.DftConfig():
            return dft.annotate(groups, config, state)
        case sections.GrpoConfig():
            return grpo.annotate(groups, config, state)
        case sections.DrGrpoConfig():
            return dr_grpo.annotate(groups, config, state)
        case sections.DapoConfig():
            return dapo.annotate(groups, config, state)
        case sections.RlooConfig():
            return rloo.annotate(groups, config, state)
        case sections.ReinforcePpConfig():
            return reinforce_pp.annotate(groups, config, state)
        case sections.GspoConfig():
            return gspo.annotate(groups, config, state)
        case sections.CispoConfig():
            return cispo.annotate(groups, config, state)
        case mixing.InterleavedConfig():
            return interleaved.annotate(groups, config, state)
        case mixing.ProgressiveConfig():
            return progressive.annotate(groups, config, state)


def needs(config: sections.AlgorithmConfig, *, updates_per_sampling: int) -> Needs:
    """The scores a step needs that samples once and updates `updates_per_sampling` times.

    With a single update the policy is the one that sampled, and the loss takes its ratio as 1 without scoring.
    """
    if not isinstance(config, PolicyGradientSection):
        return Needs(policy_logprobs=False, reference_logprobs=False, sampler_logprobs=False)
    place = config.loss.kl.place
    return Needs(
        policy_logprobs=updates_per_sampling > 1 or place in ("reward", "return"),
        reference_logprobs=place != "none",
        sampler_logprobs=config.loss.mismatch.mode != "off",
    )


def check_group_size(config: sections.AlgorithmConfig, num_samples: int) -> None:
    """Raise InputError where so few attempts per problem can teach nothing; to be asked before training starts."""
    if num_samples < config.min_group_size:
        raise InputError(
            f"{config.name} compares attempts at the same problem, and there is {num_samples} per problem; "
            f"expected at least {config.min_group_size}, or reinforce_pp with baseline none"
        )
