"""What sections of algorithms share, family by family; the algorithms themselves are in `synergy.config.algorithm`."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import model_validator

from synergy.config.base import Config
from synergy.config.loss import Count, LossConfig, Positive


def laid_over(base: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` on top of `base`, mapping by mapping."""
    merged = dict(base)
    for key, value in values.items():
        below = merged.get(key)
        merged[key] = laid_over(below, value) if isinstance(value, Mapping) and isinstance(below, Mapping) else value
    return merged


class AlgorithmSection(Config):
    """What all algorithms share."""

    name: str
    """which algorithm"""
    loss: LossConfig = LossConfig()
    """the loss; what is not given is the algorithm's own default"""

    @model_validator(mode="before")
    @classmethod
    def _complete_loss(cls, values: Any) -> Any:
        if not isinstance(values, Mapping) or not isinstance(values.get("loss"), Mapping):
            return values
        default: LossConfig = cls.model_fields["loss"].default
        return {**values, "loss": laid_over(default.model_dump(), values["loss"])}

    @property
    def min_group_size(self) -> int:
        """The fewest attempts at a problem that teach anything."""
        return 1

    @property
    def needs_demonstrations(self) -> bool:
        """Whether every training problem must have a worked answer."""
        return False


class ImitationSection(AlgorithmSection):
    """Algorithms that learn from demonstrations alone."""

    @property
    def needs_demonstrations(self) -> bool:
        """Whether every training problem must have a worked answer."""
        return True

    @model_validator(mode="after")
    def _has_no_kl(self) -> Self:
        if self.loss.kl.place != "none":
            raise ValueError(
                f"{self.name} with loss.kl.place {self.loss.kl.place}; expected none: the estimators need tokens "
                "that the policy sampled, and a demonstration has none"
            )
        return self


class OverlongConfig(Config):
    """Soft overlong punishment (DAPO, 2503.14476), added to the reward.

    0 up to max_tokens − cache_tokens, falling linearly to −1 at max_tokens, −1 beyond.
    """

    max_tokens: Count
    """response tokens from which the penalty is −1; 20480 in the paper"""
    cache_tokens: Count
    """tokens over which it grows; 4096 in the paper"""

    @model_validator(mode="after")
    def _cache_fits(self) -> Self:
        if self.cache_tokens > self.max_tokens:
            raise ValueError(f"cache_tokens {self.cache_tokens}; expected at most max_tokens {self.max_tokens}")
        return self


class DynamicSamplingConfig(Config):
    """Groups whose rewards are all equal are dropped and other problems sampled in their place (DAPO)."""

    max_rounds: Count = 10
    """how often the loop samples for one step at most; then it trains on the groups it has (verl stops instead)"""


class PolicyGradientSection(AlgorithmSection):
    """Algorithms that learn from rewards."""

    mask_truncated: bool = False
    """give responses cut off at the token limit no advantage; they still count in group statistics and denominators"""
    overlong: OverlongConfig | None = None
    """soft penalty for long responses; null is none"""
    dynamic_sampling: DynamicSamplingConfig | None = None
    """drop groups that teach nothing and sample others; null keeps every group"""


class GroupSection(PolicyGradientSection):
    """Algorithms that compare attempts at the same problem."""

    @property
    def min_group_size(self) -> int:
        """The fewest attempts at a problem that teach anything."""
        return 2


class GroupNormalisedSection(GroupSection):
    """GRPO's advantage: (reward − mean of the group) / (standard deviation + ε)."""

    std: Literal["group", "batch", "none"] = "group"
    """group: standard deviation within the group; batch: over the whole step's rewards (Lite-PPO, ScaleRL); none"""
    std_epsilon: Positive = 1e-6
    """ε; 1e-6 in verl, 1e-4 in TRL, 1e-9 in OpenRLHF; no paper gives one"""
