"""What is reported of rewards: each term by itself, and one curve for perception, one for cognition."""

from collections import defaultdict
from collections.abc import Sequence

from synergy.config.reward import RewardConfig
from synergy.grading.rewards.gates import GATE
from synergy.records import RolloutGroup
from synergy.training.metrics import LossMetrics
from synergy.training.rollout_metrics import mean_of


def reward_metrics(groups: Sequence[RolloutGroup], config: RewardConfig) -> LossMetrics:
    """Means over rewarded attempts, merged as (sum, count).

    `reward/TERM` is over the attempts that have the term, its weight included, gate apart; `reward/gated_fraction` the
    share whose gate was closed; `reward/perception` and `reward/cognition` the mean reward at problems so labelled.
    """
    terms: defaultdict[str, list[float]] = defaultdict(list)
    labelled: defaultdict[str, list[float]] = defaultdict(list)
    gated: list[bool] = []
    for group in groups:
        label = config.labels.get(group.problem.answer_kind)
        for rollout in group.rollouts:
            if rollout.reward is None:
                continue
            gated.append(GATE in rollout.reward_parts)
            for name, value in rollout.reward_parts.items():
                terms[name].append(value)
            if label is not None:
                labelled[label].append(rollout.reward)
    terms.pop(GATE, None)
    means = {f"reward/{name}": mean_of(values) for name, values in (*terms.items(), *labelled.items())}
    if config.gate != "none":
        means["reward/gated_fraction"] = mean_of(gated)
    return LossMetrics(means=means)
