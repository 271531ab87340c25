"""The section that names an algorithm or a preset, its own options, and its loss.

`{name: grpo, loss: {clip_high: 0.28}}` is GRPO with one value of its default loss replaced, and
`{preset: verl_grpo, loss: {…}}` the same on top of a preset (`synergy.config.presets`);
`{preset: synergy_dilemma_rl, name: interleaved}` takes the preset for its attempts.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, TypeAdapter

from synergy.config.algorithm_sections import (
    DynamicSamplingConfig,
    GroupNormalisedSection,
    GroupSection,
    ImitationSection,
    PolicyGradientSection,
    laid_over,
)
from synergy.config.loss import LossConfig, NllConfig, NormaliserConfig, Positive
from synergy.config.mixing import InterleavedConfig, ProgressiveConfig
from synergy.config.presets import PRESETS
from synergy.errors import unknown_name


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


_HAVE_GRPO_INSIDE = ("interleaved", "progressive")  # so that its presets are of their attempts' part too


def _expand_preset(values: Any) -> Any:
    """Replace `preset` by what it stands for, under the values given beside it."""
    if not isinstance(values, Mapping) or "preset" not in values:
        return values
    name = values["preset"]
    if not isinstance(name, str) or name not in PRESETS:
        raise unknown_name("preset", str(name), PRESETS)
    preset = PRESETS[name]
    names = {preset["name"], *(_HAVE_GRPO_INSIDE if preset["name"] == "grpo" else ())}
    if values.get("name", preset["name"]) not in names:
        raise ValueError(f"name {values['name']} with preset {name}, which is of {preset['name']}; leave name out")
    return laid_over(preset, {key: value for key, value in values.items() if key != "preset"})


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
    | CispoConfig
    | InterleavedConfig
    | ProgressiveConfig,
    Field(discriminator="name"),
    BeforeValidator(_expand_preset),
]


def preset(name: str) -> AlgorithmConfig:
    """The algorithm that a preset stands for; raises InputError for an unknown name."""
    if name not in PRESETS:
        raise unknown_name("preset", name, PRESETS)
    return TypeAdapter(AlgorithmConfig).validate_python({"preset": name})
