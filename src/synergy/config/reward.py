"""The section that says what attempts earn: a weighted sum of terms, and a gate before it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, model_validator

from synergy.config.base import Config
from synergy.config.reward_shaping import CosineConfig, OverlongRewardConfig, RepetitionConfig
from synergy.config.scorer import ScorerConfig
from synergy.records import AnswerKind

NonNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Label = Literal["perception", "cognition"]

#: keys of `Rollout.reward_parts` and of metrics `reward/…` that a plug-in's name may not take
RESERVED_NAMES = frozenset(
    {"accuracy", "exact", "format", "open_ended", "overlong", "cosine", "repetition", "gate", "gated_fraction"}
    | {"mean", "group_std", "standard_error", "correlation", "perception", "cognition"}
)

_LABELS: Mapping[AnswerKind, Label] = MappingProxyType(
    {
        AnswerKind.DIGIT: "perception",
        AnswerKind.BOX: "perception",
        AnswerKind.CELLS: "perception",
        AnswerKind.PERMUTATION: "perception",
        AnswerKind.OPEN: "perception",
        AnswerKind.INTEGER: "cognition",
        AnswerKind.NUMBER: "cognition",
        AnswerKind.EXPRESSION: "cognition",
        AnswerKind.OPTION: "cognition",
    }
)


class OpenEndedConfig(Config):
    """The open-ended part of the mixed reward (2504.11468, section 4.1).

    With S the scorer, ŷ the answer and y the reference it is 1 − exp(−β (S(ŷ) − S(y))) where S(ŷ) > S(y), else 0. It
    takes the place of the accuracy term, and its weight, at problems of `kinds`. A score that cannot be had leaves the
    attempt unscored.
    """

    scorer: ScorerConfig
    """what values answers"""
    beta: Positive = 0.2
    """β; 2504.11468 gives no value, 0.2 is that of ScoreRS, to which it credits the formula"""
    kinds: Annotated[tuple[AnswerKind, ...], Field(min_length=1)] = (AnswerKind.OPEN,)
    """the kinds of answer that are valued so, whatever rule there is for them"""
    reference_score: float | None = None
    """S(y) of every problem; null lets the scorer value each problem's own reference"""

    @model_validator(mode="after")
    def _scorer_can_count(self) -> Self:
        if self.scorer.kind == "exact" and AnswerKind.OPEN in self.kinds:
            raise ValueError(
                "scorer exact with kind open, whose answers no rule can value in part; expected kinds such as [cells], "
                "or another scorer"
            )
        return self


class RewardFunctionConfig(Config):
    """A reward function of one's own, called as another framework calls it (`synergy.grading.rewards.plugin_calls`)."""

    path: Annotated[str, Field(pattern=r"^.+\.py:[A-Za-z_]\w*$")]
    """file.py:function, relative to where the command is run. The file's code is executed"""
    call: Literal["trl", "verl", "easyr1"]
    """whose convention the function follows"""
    weight: float = 1.0
    """its values are multiplied by this"""
    kwargs: Mapping[str, JsonValue] = Field(default_factory=dict)
    """further keyword arguments of every call"""
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")] | None = None
    """of its term in metrics and rollouts; null for file.function"""

    @property
    def file(self) -> str:
        """The path of the file."""
        return self.path.rpartition(":")[0]

    @property
    def function(self) -> str:
        """The function's name in the file."""
        return self.path.rpartition(":")[2]

    @property
    def part(self) -> str:
        """The name of its term."""
        stem = self.file.replace("\\", "/").rpartition("/")[2].removesuffix(".py")
        return self.name or f"{stem}.{self.function}"


class RewardConfig(Config):
    """What an attempt earns: the weighted sum of its terms, less what the gate takes.

    An attempt that could not be scored has no reward. A term that does not apply, such as a plug-in's None, adds
    nothing. `Rollout.reward_parts` holds every term; their sum is the reward.
    """

    accuracy: NonNegative = 1.0
    """weight of the answer's score: 1 or 0, the IoU of boxes, the share of hits of permutations and cells"""
    exact: Annotated[float, Field(ge=0, exclude_if=lambda weight: weight == 0)] = 0.0
    """weight of 1 for an answer that is right as a whole, else 0, beside `accuracy`, which pays for parts: the jigsaw
    reward of 2506.23508 is accuracy, exact and format of weight 1. Left out of files and keys where it is 0"""
    format: NonNegative = 0.0
    """weight of the format check, which is 1 or 0"""
    gate: Literal["none", "answer", "format"] = "none"
    """answer: nothing is earned without one answer in the form that the prompt preset asks for, the implicit format
    reward of 2504.11468; format: nothing without the whole layout, as in open-instruct. Penalties stand all the same,
    or leaving the answer out would be a way around them"""
    open_ended: OpenEndedConfig | None = None
    """how open-ended answers are valued; null leaves them to the rule of their kind"""
    overlong: OverlongRewardConfig | None = None
    """soft punishment of long responses; null is none"""
    cosine: CosineConfig | None = None
    """a term for length by correctness; null is none"""
    repetition: RepetitionConfig | None = None
    """penalty for repetition; null is none"""
    functions: tuple[RewardFunctionConfig, ...] = ()
    """plug-ins"""
    labels: Mapping[AnswerKind, Label] = Field(default_factory=lambda: dict(_LABELS))
    """which kinds of answer the curves reward/perception and reward/cognition are made of. The labels are ours. By
    default counts, boxes, cells, permutations and free text are perception, numbers, formulas and
    options cognition"""

    @model_validator(mode="after")
    def _rewards_something(self) -> Self:
        earns = (
            self.accuracy or self.exact or self.format or self.cosine or any(each.weight > 0 for each in self.functions)
        )
        if not earns:
            raise ValueError("accuracy, exact and format weigh 0 and nothing else earns; expected one weight above 0")
        if self.open_ended and not self.accuracy:
            raise ValueError("open_ended with accuracy 0, whose weight it has; expected accuracy above 0")
        return self

    @model_validator(mode="after")
    def _terms_differ(self) -> Self:
        names = [each.part for each in self.functions]
        for name in names:
            if name in RESERVED_NAMES:
                raise ValueError(f"functions: the name {name} is taken; expected another: give name")
            if names.count(name) > 1:
                raise ValueError(f"functions: two are called {name}; expected different names: give name")
        return self
