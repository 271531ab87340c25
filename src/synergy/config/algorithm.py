"""The section that names an algorithm or a preset, its own options, and its loss.

`{name: grpo, loss: {clip_high: 0.28}}` is GRPO with one value of its default loss replaced, and
`{preset: verl_grpo, loss: {…}}` the same on top of a preset (`synergy.config.presets`).
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, TypeAdapter, model_validator

from synergy.config.base import Config
from synergy.config.loss import Count, LossConfig, NllConfig, NormaliserConfig, Positive
from synergy.config.presets import PRESETS
from synergy.errors import unknown_name


def _over(base: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` on top of `base`, mapping by mapping."""
    merged = dict(base)
    for key, value in values.items():
        below = merged.get(key)
        merged[key] = _over(below, value) if isinstance(value, Mapping) and isinstance(below, Mapping) else value
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
        return {**values, "loss": _over(default.model_dump(), values["loss"])}

    @property
    def min_group_size(self) -> int:
        """The fewest attempts at a problem that teach anything."""
        return 1


class ImitationSection(AlgorithmSection):
    """Algorithms that learn from demonstrations alone."""

    @model_validator(mode="after")
    def _has_no_kl(self) -> Self:
        if self.loss.kl.place != "none":
            raise ValueError(
                f"{self.name} with loss.kl.place {self.loss.kl.place}; expected none: the estimators need tokens "
                "that the policy sampled, and a demonstration has none"
            )
        return self


class SftConfig(ImitationSection):
    """Supervised fine-tuning: the likelihood of the given tokens."""

    name: Literal["sft"] = "sft"
    """which algorithm"""


class DftConfig(ImitationSection):
    """Dynamic fine-tuning (2508.05629): SFT with every token weighted by its own probability."""

    name: Literal["dft"] = "dft"
    """which algorithm"""
    loss: LossConfig = LossConfig(nll=NllConfig(token_weight="p"))
    """the loss; what is not given is the algorithm's own default"""


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


_SEQUENCE_MEAN = NormaliserConfig(kind="sequence_mean")


class GrpoConfig(GroupNormalisedSection):
    """Group-relative policy optimisation (DeepSeekMath, 2402.03300); without KL, which is ours: see PAPERS.md."""

    name: Literal["grpo"] = "grpo"
    """which algorithm"""
    loss: LossConfig = LossConfig(normaliser=_SEQUENCE_MEAN)
    """the loss; what is not given is the algorithm's own default"""


class DrGrpoConfig(GroupSection):
    """Dr. GRPO (2503.20783): GRPO without the standard deviation, and without dividing by each response's length."""

    name: Literal["dr_grpo"] = "dr_grpo"
    """which algorithm"""
    loss: LossConfig = LossConfig(normaliser=NormaliserConfig(kind="fixed_length"))
    """the loss; what is not given is the algorithm's own default"""


class DapoConfig(GroupNormalisedSection):
    """DAPO (2503.14476): clip-higher, token mean, dynamic sampling; the soft penalty needs lengths and is off."""

    name: Literal["dapo"] = "dapo"
    """which algorithm"""
    dynamic_sampling: DynamicSamplingConfig | None = DynamicSamplingConfig()
    """drop groups that teach nothing and sample others; null keeps every group"""
    loss: LossConfig = LossConfig(clip_high=0.28)
    """the loss; what is not given is the algorithm's own default"""


class RlooConfig(GroupSection):
    """REINFORCE leave-one-out (2402.14740): the baseline is the mean of the other attempts' rewards."""

    name: Literal["rloo"] = "rloo"
    """which algorithm"""
    loss: LossConfig = LossConfig(ratio_level="sequence_product", normaliser=_SEQUENCE_MEAN)
    """the loss; what is not given is the algorithm's own default"""


class ReinforcePpConfig(PolicyGradientSection):
    """REINFORCE++ (2501.03262): advantages of all the step's tokens brought to mean 0 and variance 1."""

    name: Literal["reinforce_pp"] = "reinforce_pp"
    """which algorithm"""
    baseline: Literal["none", "group"] = "none"
    """group: the group's mean is taken from each reward first (REINFORCE++-baseline)"""
    whiten_epsilon: Positive = 1e-8
    """added to the variance; verl's and OpenRLHF's value, not in the paper"""

    @property
    def min_group_size(self) -> int:
        """The fewest attempts at a problem that teach anything."""
        return 2 if self.baseline == "group" else 1


class GspoConfig(GroupNormalisedSection):
    """Group sequence policy optimisation (2507.18071): GRPO with one ratio per sequence."""

    name: Literal["gspo"] = "gspo"
    """which algorithm"""
    loss: LossConfig = LossConfig(ratio_level="sequence", clip_low=3e-4, clip_high=4e-4, normaliser=_SEQUENCE_MEAN)
    """the loss; what is not given is the algorithm's own default"""


class CispoConfig(GroupNormalisedSection):
    """CISPO (MiniMax-M1, 2506.13585): the ratio is clipped as a weight, so that no token's gradient is cut off."""

    name: Literal["cispo"] = "cispo"
    """which algorithm"""
    loss: LossConfig = LossConfig(form="cispo", clip_low=None, clip_high=4.0)
    """the loss; what is not given is the algorithm's own default"""


def _expand_preset(values: Any) -> Any:
    """Replace `preset` by what it stands for, under the values given beside it."""
    if not isinstance(values, Mapping) or "preset" not in values:
        return values
    name = values["preset"]
    if not isinstance(name, str) or name not in PRESETS:
        raise unknown_name("preset", str(name), PRESETS)
    preset = PRESETS[name]
    if values.get("name", preset["name"]) != preset["name"]:
        raise ValueError(f"name {values['name']} with preset {name}, which is of {preset['name']}; leave name out")
    return _over(preset, {key: value for key, value in values.items() if key != "preset"})


#: what a run config holds: one of the sections above, told apart by `name`
AlgorithmConfig = Annotated[
    SftConfig
    | DftConfig
    | GrpoConfig
    | DrGrpoConfig
    | DapoConfig
    | RlooConfig
    | ReinforcePpConfig
    | GspoConfig
    | CispoConfig,
    Field(discriminator="name"),
    BeforeValidator(_expand_preset),
]


def preset(name: str) -> AlgorithmConfig:
    """The algorithm that a preset stands for; raises InputError for an unknown name."""
    if name not in PRESETS:
        raise unknown_name("preset", name, PRESETS)
    return TypeAdapter(AlgorithmConfig).validate_python({"preset": name})
