"""What is reported of steps that learn from attempts and demonstrations; `response/…` and `score/…` stay unguided."""

from collections.abc import Sequence

from synergy.algorithms.dynamic_sampling import keeps_group
from synergy.records import RolloutGroup, StopReason
from synergy.training.metrics import LossMetrics
from synergy.training.rollout_metrics import mean_of, total


def problem_metrics(failed: Sequence[bool], imitated: Sequence[bool]) -> LossMetrics:
    """Of this process's problems: the shares that failed, and of which given tokens are imitated."""
    return LossMetrics(means={"mix/failed_fraction": mean_of(failed), "mix/sft_problem_fraction": mean_of(imitated)})


def prefix_metrics(lengths: Sequence[tuple[int, int]]) -> LossMetrics:
    """Of problems where something was given: how much, in tokens and as a share of the demonstration.

    `lengths` has the tokens given and the demonstration's.
    """
    return LossMetrics(
        means={
            "mix/prefix_fraction": mean_of(given / whole for given, whole in lengths),
            "mix/prefix_tokens": mean_of(given for given, _ in lengths),
        }
    )


def guided_metrics(groups: Sequence[RolloutGroup]) -> LossMetrics:
    """Of guided attempts: what they earn, how long they are without what was given, and how many groups teach.

    What they cost goes with that of other attempts.
    """
    rollouts = [rollout for group in groups for rollout in group.rollouts]
    lengths = [len(rollout.token_ids) - rollout.num_guided_tokens for rollout in rollouts]
    truncated = [rollout.stop_reason is StopReason.LENGTH for rollout in rollouts]
    return LossMetrics(
        sums={
            "sampling/num_attempts": total(len(rollouts)),
            "sampling/num_truncated": total(sum(truncated)),
            "sampling/generated_tokens": total(sum(lengths)),
            "sampling/num_images": total(sum(len(group.problem.images) for group in groups)),
        },
        means={
            "mix/guided_correct_fraction": mean_of(
                rollout.verdict is not None and rollout.verdict.correct for rollout in rollouts
            ),
            "mix/guided_reward": mean_of(rollout.reward for rollout in rollouts if rollout.reward is not None),
            "mix/guided_signal_fraction": mean_of(keeps_group(group) for group in groups),
            "mix/guided_length_tokens": mean_of(lengths),
            "mix/guided_truncated_fraction": mean_of(truncated),
        },
    )


def sft_metrics(losses: LossMetrics) -> LossMetrics:
    """`mix/sft_loss`: of imitated tokens the mean −log p before the update, in nats; other terms are `nll/…`."""
    found = losses.means.get("nll/value")
    return LossMetrics() if found is None else LossMetrics(means={"mix/sft_loss": found})
