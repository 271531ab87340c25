"""Several arms' scores whose means are compared, with one bootstrap for all of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from synergy.statistics.bootstrap import BootstrapDifference, bootstrap_means, difference
from synergy.statistics.synergy import SynergyEstimate
from synergy.studies.claims.settings import BOOTSTRAP_SEED


@dataclass(frozen=True, kw_only=True, eq=False)
class Weighted:
    """Scores whose mean over problems is the statistic, by arm; weights have been multiplied in."""

    arms: tuple[str, ...]
    scores: Float[np.ndarray, "num_arms num_seeds num_problems"]

    @property
    def num_seeds(self) -> int:
        """Seeds that all arms have."""
        return self.scores.shape[1]

    @cached_property
    def means(self) -> Float[np.ndarray, "num_draws num_arms"]:
        """Bootstrap means, the same problems for all arms."""
        return bootstrap_means(self.scores, seed=BOOTSTRAP_SEED)

    def mean(self, arm: str) -> float:
        """An arm's own statistic."""
        return float(self.scores[self.arms.index(arm)].mean())

    def over(self, arm: str, other: str) -> BootstrapDifference:
        """How much one arm exceeds another."""
        return difference(self.scores, self.means, self.arms.index(arm), self.arms.index(other), seed=BOOTSTRAP_SEED)

    def contrast(self, coefficients: Mapping[str, float]) -> BootstrapDifference:
        """The sum of arms times coefficients, as the difference of its positive and its negative part."""
        parts = np.zeros((2, len(self.arms)))
        for arm, coefficient in coefficients.items():
            parts[int(coefficient < 0), self.arms.index(arm)] = abs(coefficient)
        scores = np.einsum("pa,asn->psn", parts, self.scores)
        return difference(scores, self.means @ parts.T, 0, 1, seed=BOOTSTRAP_SEED)

    def synergy(self, combination: str, sft: str, rl: str) -> SynergyEstimate:
        """The synergy of three of the arms (`synergy.statistics.synergy`)."""
        return SynergyEstimate(
            over_sft=self.over(combination, sft), over_rl=self.over(combination, rl), num_seeds=self.num_seeds
        )
