"""The nouns of Synergy as frozen dataclasses; what belongs together is one object, never two parallel lists.

*Reward* is what a model learns from; *score* is what is reported. A failure is data (a stop reason, an unscored
verdict), never a silent zero. Knows nothing about tokenizers, models or files.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image


class AnswerKind(StrEnum):
    """What an answer is, which decides how two answers are compared (`synergy.grading`)."""

    INTEGER = "integer"  #: a whole number: "204"
    NUMBER = "number"  #: a number with or without a unit: "-3", "0.5", "3/4", "45°", "12 cm", "30%"
    DIGIT = "digit"  #: one of 0 … 9, the counting kind of the mixed reward (2504.11468, section 4.1)
    OPTION = "option"  #: the letter of one of `Problem.choices`: "B"
    EXPRESSION = "expression"  #: a formula; any equivalent form is right: "2x+1"
    YES_NO = "yes_no"  #: "yes" or "no"
    TEXT = "text"  #: a word or phrase, the same but for case, punctuation and articles: "Paris"
    LIST = "list"  #: several texts or numbers in order: "[2, 3, 5]"
    BOX = "box"  #: four numbers, laid out as `Problem.box_format` says: "[0.10, 0.20, 0.70, 0.50]"
    PERMUTATION = "permutation"  #: numbers in order: "3, 1, 2"; the score is the share of right positions
    CELLS = "cells"  #: text cells: rows divided by ";", cells by ","; the score is the share of right cells
    OPEN = "open"  #: free text that only a `grading.scorer.Scorer` can value; `Problem.answer` is the reference


class BoxFormat(StrEnum):
    """What the four numbers of a box are; declared with the problem, never guessed from their size."""

    CORNERS = "corners"  #: left, top, right, bottom, each relative to the image's size
    CORNERS_ABSOLUTE = "corners_absolute"  #: left, top, right, bottom in pixels or any other unit
    SIZE = "size"  #: left, top, width, height, each relative to the image's size
    SIZE_ABSOLUTE = "size_absolute"  #: left, top, width, height in pixels or any other unit


class StopReason(StrEnum):
    """Why a response ended."""

    STOP = "stop"  #: the model emitted an end token or a stop string
    LENGTH = "length"  #: the token limit cut it off: a truncation
    FAILED = "failed"  #: the sampler's back-end failed; the text may be empty


class Purpose(StrEnum):
    """What responses are sampled for; no two purposes share random numbers."""

    TRAIN = "train"
    TAG = "tag"  #: to measure how difficult problems are
    EVALUATE = "evaluate"
    DISTIL = "distil"  #: to make demonstrations


class VerdictStatus(StrEnum):
    """Whether an answer is right; `UNSCORED` is not wrong, it says that nothing could decide."""

    CORRECT = "correct"
    WRONG = "wrong"
    UNSCORED = "unscored"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A question with a checkable answer, about zero or more images."""

    id: str
    question: str  #: without instructions on format: a prompt preset adds those (`synergy.prompts`)
    answer: str  #: the gold answer in the notation of `answer_kind`
    answer_kind: AnswerKind
    images: "tuple[Image, ...]" = ()
    choices: tuple[str, ...] = ()  #: option texts in order A, B, C …; the question shows them too
    source: str = ""  #: the data set it came from
    family: str = ""  #: the kind of task within the source
    level: int | None = None  #: difficulty 1 (easiest) … 5, where one is known
    absolute_tolerance: float = 0.0  #: a number may be off by so much
    relative_tolerance: float = 0.0  #: a number may be off by so much times the gold one
    box_format: BoxFormat = BoxFormat.CORNERS
    reference: str | None = None  #: what an open-ended answer has to beat; None for `answer`
    tags: Mapping[str, str] = field(default_factory=dict)  #: what a benchmark groups by, such as {"subject": "algebra"}


@dataclass(frozen=True, kw_only=True)
class Demonstration:
    """A worked answer to a problem: what SFT imitates and guidance starts from."""

    problem_id: str
    trace: str  #: the reasoning, without tags; a prompt preset wraps it
    answer: str
    author: str  #: who wrote it: a model's name, or for instance "pocket/long"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What grading says of one response."""

    status: VerdictStatus
    score: float | None  #: in [0, 1]; None exactly where `status` is unscored
    extracted: str | None  #: the answer read from the response, None where there was none to read
    rule: str  #: the rule that decided, such as "number/exact" or "extract/none"
    parts: Mapping[str, float] = field(default_factory=dict)  #: named parts, such as {"format": 1.0}
    extractor: str = ""  #: the rule that found `extracted` in the response, such as "extract/boxed"
    correct_leniently: bool = False  #: by the lenient rule too, where the field is divided; never False where correct

    @property
    def correct(self) -> bool:
        """True exactly where the verdict is *correct*; unscored counts as not correct, never as wrong."""
        return self.status is VerdictStatus.CORRECT


@dataclass(frozen=True, kw_only=True, eq=False)
class Rollout:
    """One attempt at a problem."""

    problem_id: str
    sample_index: int  #: position among the attempts at the same problem
    token_ids: "np.ndarray"  #: [num_tokens] int64, the response only, guided prefix included
    text: str
    stop_reason: StopReason
    sampler_logprobs: "np.ndarray | None" = None  #: [num_tokens] float32, of the policy that sampled
    num_guided_tokens: int = 0  #: how many leading tokens were given, not sampled; all of them in a demonstration
    verdict: Verdict | None = None  #: None until graded
    reward: float | None = None  #: what a policy learns from; None until rewarded
    reward_parts: Mapping[str, float] = field(default_factory=dict)  #: the reward's named terms, weights included
    policy_logprobs: "np.ndarray | None" = None  #: [num_tokens] float32, of the trained policy before the step's update
    reference_logprobs: "np.ndarray | None" = None  #: [num_tokens] float32, of the reference model

    @property
    def is_demonstration(self) -> bool:
        """True where every token was given: a worked answer to imitate, not an attempt."""
        return self.num_guided_tokens == len(self.token_ids)


@dataclass(frozen=True, kw_only=True, eq=False)
class RolloutGroup:
    """All attempts at one problem."""

    problem: Problem
    rollouts: tuple[Rollout, ...]

    @property
    def num_correct(self) -> int:
        """How many attempts have a correct verdict."""
        return sum(rollout.verdict is not None and rollout.verdict.correct for rollout in self.rollouts)

    @property
    def pass_rate(self) -> float:
        """Correct attempts over all attempts; an unscored or ungraded attempt stays in the denominator."""
        return self.num_correct / len(self.rollouts)


@dataclass(frozen=True, kw_only=True, eq=False)
class TokenSignal:
    """What an algorithm says about the tokens of one sequence; all arrays are float32 of shape [num_tokens].

    The loss of a step is the sum over its tokens of the policy-gradient, imitation and KL terms, each under its own
    normaliser; a weight of 0 takes a token out of a term and out of that term's denominator.
    """

    rollout: Rollout
    policy_gradient_weight: "np.ndarray"  #: 1 where the token belongs to the policy-gradient term, else 0
    advantage: "np.ndarray"  #: of each token; 0 is a token that counts but teaches nothing
    nll_weight: "np.ndarray"  #: of the imitation term, 1 for plain SFT
    kl_weight: "np.ndarray"  #: of the KL term against the reference, mostly 1 or 0


@dataclass(frozen=True, kw_only=True, eq=False)
class SampleRequest:
    """Attempts wanted at one problem."""

    problem: Problem
    num_samples: int
    visit: int = 0  #: how many times the problem was sampled before for this purpose; another visit draws anew
    prefix: "np.ndarray | None" = None  #: token ids that every response starts with; None for none


@runtime_checkable
class Sampler(Protocol):
    """What answers problems with a policy."""

    def sample(
        self,
        requests: Sequence[SampleRequest],
        *,
        purpose: Purpose,
        temperature: float | None = None,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> list[RolloutGroup]:
        """Ungraded groups, in the order of the requests.

        `temperature` None is the config's, 0 takes the likeliest token. `on_progress` is told of responses finished
        and tokens sampled so far. Raises InputError for a problem that is too large to be rendered, and for a problem
        that is asked for twice with the same visit and prefix: both would get the same responses.
        """
        ...

    def update_weights(self) -> None:
        """Take over the policy's weights as they are now; called after optimiser steps."""
        ...
