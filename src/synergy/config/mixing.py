"""Algorithms that learn from attempts and from demonstrations in the same optimiser step (2507.07562, section 3.1).

The attempts' part is GRPO, its options and loss included. What the study leaves open is a field and labelled ours.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from synergy.config.algorithm_sections import GroupNormalisedSection
from synergy.config.base import Config
from synergy.config.loss import Count, LossConfig, NllConfig, NormaliserConfig

Fraction = Annotated[float, Field(ge=0, le=1)]

#: each problem weighs about the same, whatever is learned from it: ours, as the study gives no denominators
_PER_SEQUENCE = NormaliserConfig(kind="sequence_mean", denominator="joint")
_PER_PROBLEM = NormaliserConfig(kind="prompt_mean", denominator="joint")


class MixedSection(GroupNormalisedSection):
    """What both share: GRPO of attempts, and imitation where all attempts at a problem have failed.

    Imitation is at the temperature of sampling, as one forward pass serves both.
    """

    failed: Literal["none_correct", "all_wrong"] = "none_correct"
    """when a problem has failed, asked of this step's attempts (ours: the study says "zero pass rate" and not of
    what); none_correct: no attempt has a correct verdict; all_wrong: every verdict is wrong, so that a problem with an
    attempt that could not be scored has not failed"""
    failed_attempts: Literal["kept", "left_out"] = "kept"
    """kept: attempts at a failed problem are in the policy-gradient and KL terms as any others (their advantages are 0
    unless the reward is more than accuracy); left_out: they are in no term, and count in joint denominators alone"""

    @property
    def needs_demonstrations(self) -> bool:
        """Whether every training problem must have a worked answer."""
        return True

    @model_validator(mode="after")
    def _keeps_every_group(self) -> Self:
        if self.dynamic_sampling is not None:
            raise ValueError(
                f"dynamic_sampling with {self.name}; expected null: the problems that it drops are those that are "
                "learned from demonstrations"
            )
        return self


class InterleavedConfig(MixedSection):
    """Interleaved SFT and RL: problems that failed are learned from their demonstrations, all others by GRPO."""

    name: Literal["interleaved"] = "interleaved"
    """which algorithm"""
    sft_on: Literal["failed", "all"] = "failed"
    """whose demonstrations are imitated; all is the study's negative control (its figure 12)"""
    failed_attempts: Literal["kept", "left_out"] = "left_out"
    """left_out: RL is of the problems that have not failed alone, the study's; kept: of all. Left out, they count in
    joint denominators, so that RL weighs nearly what it would by itself"""
    loss: LossConfig = LossConfig(normaliser=_PER_SEQUENCE, nll=NllConfig(normaliser=_PER_PROBLEM))
    """the loss; what is not given is the algorithm's own default. SFT at coefficient 1, both in one optimiser step, and
    the denominators are ours"""


class GuidanceConfig(Config):
    """How much of a trace is given, over the run: `start` at first, less and less, `end` at last. All of it is ours."""

    shape: Literal["linear", "cosine", "stairs"] = "linear"
    """how it falls in between; stairs: in `num_stairs` equal steps"""
    start: Fraction = 1.0
    """share of a demonstration's tokens that is given at first; 1 is all, which is plain SFT"""
    end: Fraction = 0.0
    """share at last; 0 is plain RL"""
    start_until: Fraction = 0.25
    """share of the run's steps up to which `start` stays"""
    end_from: Fraction = 0.75
    """share of the run's steps from which on there is `end`"""
    num_stairs: Count = 3
    """of stairs: shares strictly between `start` and `end`"""

    @model_validator(mode="after")
    def _falls(self) -> Self:
        if self.end > self.start:
            raise ValueError(f"end {self.end} with start {self.start}; expected end at most start")
        if self.end_from < self.start_until:
            raise ValueError(
                f"end_from {self.end_from} with start_until {self.start_until}; expected end_from at least start_until"
            )
        return self


class ProgressiveConfig(MixedSection):
    """Progressive: at problems that failed the policy goes on from a prefix of the trace that shrinks over the run.

    The given tokens are imitated, once for each problem, with weight `loss.nll.coefficient`, 0.2 in the study. What the
    policy adds is learned by GRPO, guided attempts being a group of their own.
    """

    name: Literal["progressive"] = "progressive"
    """which algorithm"""
    num_guided: Annotated[int, Field(ge=2)] = 8
    """guided attempts at a failed problem; all start with the same prefix (ours: the study gives neither)"""
    guidance: GuidanceConfig = GuidanceConfig()
    """how much of the trace is given when; in tokens of the whole response, answer included"""
    kl_on_prefix: bool = False
    """whether a KL term in the loss is of given tokens too, once for each problem (ours). They are not the policy's
    own, so that no estimator of KL is unbiased there"""
    loss: LossConfig = LossConfig(normaliser=_PER_SEQUENCE, nll=NllConfig(coefficient=0.2, normaliser=_PER_PROBLEM))
    """the loss; what is not given is the algorithm's own default. The weight 0.2 is the study's, denominators are
    ours"""

    @model_validator(mode="after")
    def _kl_is_in_the_loss(self) -> Self:
        if self.kl_on_prefix and self.loss.kl.place != "loss":
            raise ValueError(f"kl_on_prefix with loss.kl.place {self.loss.kl.place}; expected place loss")
        return self
