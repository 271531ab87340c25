"""What of an RL stage neither verl nor EasyR1 expresses, read off its config; each adds its own."""

from synergy.config.algorithm_sections import PolicyGradientSection
from synergy.config.train import TrainConfig
from synergy.errors import InputError
from synergy.exports.reward_file import reward_differences
from synergy.exports.shared import DATA, SAMPLES, evaluation_differences, model_differences, optimizer_differences
from synergy.exports.stages import Stage
from synergy.exports.verl_names import FREEZES, SCHEDULES


def policy_gradient(stage: Stage, target: str) -> PolicyGradientSection:
    """The algorithm's section; raises InputError for what mixes imitation with attempts, which neither has."""
    algorithm = stage.config.algorithm
    if not isinstance(algorithm, PolicyGradientSection) or algorithm.name in ("interleaved", "progressive"):
        raise InputError(
            f"stage {stage.name}: {target} has no {algorithm.name}; expected an algorithm that learns from attempts "
            "alone"
        )
    return algorithm


def shared_differences(config: TrainConfig, algorithm: PolicyGradientSection) -> list[str]:
    """Of both frameworks."""
    loss, sampling = algorithm.loss, config.sampling
    found = [
        DATA,
        SAMPLES,
        *model_differences(config, FREEZES),
        *optimizer_differences(config, SCHEDULES),
        *evaluation_differences(config),
        *reward_differences(config.reward),
        "the loss: it averages over micro-batches or processes before it adds them up; ours has one denominator a step",
    ]
    if loss.kl.place == "loss" and loss.kl.controller:
        found.append(
            "algorithm.loss.kl.controller: it moves a KL in the reward, not in the loss; the coefficient stays"
        )
    if loss.kl.normaliser is not None and loss.kl.normaliser != loss.normaliser:
        found.append(f"algorithm.loss.kl.normaliser {loss.kl.normaliser.kind}: its KL has the policy gradient's")
    if loss.normaliser.kind == "prompt_mean":
        found.append(
            "algorithm.loss.normaliser prompt_mean: it has no mean over problems; the mean over sequences is set"
        )
    if loss.normaliser.denominator == "joint":
        found.append("algorithm.loss.normaliser.denominator joint: it counts each term's own tokens")
    if loss.mismatch.mode != "off":
        found.append(f"algorithm.loss.mismatch {loss.mismatch.mode}: set its own correction by hand")
    if loss.stale_threshold is not None:
        found.append("algorithm.loss.stale_threshold: it has none")
    if algorithm.mask_truncated:
        found.append("algorithm.mask_truncated: it gives truncated responses an advantage, too")
    if algorithm.overlong is not None:
        found.append("algorithm.overlong: the soft penalty for length is not in reward.py")
    if algorithm.dynamic_sampling is not None:
        found.append(
            "algorithm.dynamic_sampling: it filters groups by its own metric and gives up where ours trains on"
        )
    if getattr(algorithm, "std", "group") == "batch":
        found.append("algorithm.std batch: it divides by the group's deviation or by none; the group's is set")
    if sampling.stop:
        found.append(f"sampling.stop [{', '.join(map(repr, sampling.stop))}]: it ends at end tokens alone")
    return found
