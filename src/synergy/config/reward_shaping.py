"""Terms of a reward that shape length and repetition."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from synergy.config.base import Config

Count = Annotated[int, Field(gt=0)]
Positive = Annotated[float, Field(gt=0)]


class OverlongRewardConfig(Config):
    """Soft overlong punishment (DAPO, 2503.14476, equation 13) as a term of the reward.

    0 up to max_tokens − buffer_tokens, falling linearly to −weight at max_tokens, −weight beyond.
    """

    max_tokens: Count
    """response tokens from which the punishment is whole; 20480 in the paper"""
    buffer_tokens: Count
    """tokens over which it grows; 4096 in the paper"""
    weight: Positive = 1.0
    """the whole punishment; 1 in the paper"""

    @model_validator(mode="after")
    def _buffer_fits(self) -> Self:
        if self.buffer_tokens > self.max_tokens:
            raise ValueError(f"buffer_tokens {self.buffer_tokens}; expected at most max_tokens {self.max_tokens}")
        return self


class CosineConfig(Config):
    """Cosine length reward (2502.03373, section 4): a term that is meant to stand in for accuracy (its weight 0 then).

    Over the length it goes in half a cosine wave, for right answers from `max_correct` down to `min_correct`, for
    wrong ones from `min_wrong` up to `max_wrong`. Defaults are those of the paper's published runs. Open-ended answers
    are neither right nor wrong and have no such term.
    """

    max_tokens: Count
    """length at which a wave ends; 14336 in the paper's runs"""
    max_correct: float = 2.0
    """of a right answer of no length"""
    min_correct: float = 1.0
    """of a right answer of max_tokens"""
    min_wrong: float = -10.0
    """of a wrong answer of no length"""
    max_wrong: float = 0.0
    """of a wrong answer of max_tokens"""
    exceeded: float = -10.0
    """of any response that was cut off at max_tokens or is longer"""

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if self.min_correct > self.max_correct or self.min_wrong > self.max_wrong:
            raise ValueError(
                f"correct {self.min_correct} … {self.max_correct}, wrong {self.min_wrong} … {self.max_wrong}; "
                "expected each min at most its max"
            )
        if self.min_correct <= self.max_wrong:
            raise ValueError(
                f"min_correct {self.min_correct} and max_wrong {self.max_wrong}; "
                "expected every right answer above every wrong one"
            )
        return self


class RepetitionConfig(Config):
    """Penalty for repeated n-grams of tokens (2502.03373, appendix C.2).

    −max_penalty times the share of n-grams that occurred before: the sparse form, one number per response. The paper's
    runs punish each repeated token instead, by 0.05.
    """

    n: Count = 40
    """tokens of an n-gram; 40 in the paper's runs"""
    max_penalty: Positive = 1.0
    """approached where everything is repeated; ours"""
