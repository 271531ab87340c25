"""The steps of a data pipeline (2504.11468, section 2 and appendix A): which there are and what each is told."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, model_validator

from synergy.config.base import Config

Count = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(gt=0)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
Phrase = Annotated[str, Field(min_length=1)]


class ChatSamplingConfig(Config):
    """How a reply is sampled; all of it is part of what a kept reply is known by."""

    temperature: Annotated[float, Field(ge=0)] = 0.0
    """0 takes the likeliest token; the study gives none"""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """sample among the likeliest tokens that together have this probability"""
    max_tokens: Count = 2048
    """a reply has at most so many tokens; one that is cut off there is dropped"""
    seed: int | None = None
    """sent to the server where given"""
    extra: Mapping[str, JsonValue] = Field(default_factory=dict)
    """further fields of the request, such as {reasoning_effort: low}"""


class StepSection(Config):
    """What all steps have."""

    name: Name | None = None
    """how funnel, sources and errors call it; null for its kind"""
    assumed_kept: Share = 1.0
    """the share of samples that should pass, for `--plan` alone"""


class AskingSection(StepSection):
    """A step that asks a language model about each sample."""

    endpoints: Annotated[Mapping[Name, Weight], Field(min_length=1)]
    """which of the document's endpoints are asked, with their shares; a sample always asks the same one"""
    template: Path | None = None
    """a Jinja file with the blocks system and user in place of the shipped one (`synergy/data/pipeline/templates`)"""
    sampling: ChatSamplingConfig = ChatSamplingConfig()
    """how replies are sampled"""
    images: bool = False
    """whether the sample's images are sent along"""
    tries: Count = 1
    """ask so many times at most where a reply cannot be used: malformed, refused, cut off; all replies are kept. At
    temperature 0 another try mostly says the same"""
    refusals: tuple[Phrase, ...] = ("i'm sorry", "i am sorry", "i can't", "i cannot", "i'm unable", "i am unable")
    """a reply that begins with one of these, in any case, is a refusal; ours"""
    assumed_completion_tokens: Count = 256
    """the length of a reply, for `--plan` alone"""


class CaptionConfig(AskingSection):
    """Describe the image in words: the field caption."""

    step: Literal["caption"]
    """the kind of step"""
    images: bool = True
    """whether the sample's images are sent along"""
    min_words: Count = 3
    """a shorter caption is malformed; ours"""


class DistilTraceConfig(AskingSection):
    """Let a reasoner that sees no image answer from the caption: the fields reasoning and conclusion."""

    step: Literal["distil"]
    """the kind of step"""


class RewriteConfig(AskingSection):
    """Take out of reasoning and conclusion that they were made from a caption."""

    step: Literal["rewrite"]
    """the kind of step"""
    max_word_change: Annotated[int, Field(ge=0)] = 15
    """a text that becomes longer or shorter by more words is dropped (2504.11468, section 2)"""
    left_over: tuple[Phrase, ...] = ()
    """drop a text that still has one of these, in any case, such as ["the caption"]; ours, the study does not look"""


class VerifyConfig(AskingSection):
    """Ask whether the conclusion agrees with the gold answer; only Yes passes."""

    step: Literal["verify"]
    """the kind of step"""


class SplitConfig(StepSection):
    """Traces with a cue of self-reflection go to RL, the others to SFT."""

    step: Literal["split"]
    """the kind of step"""
    keywords: tuple[Phrase, ...] | None = None
    """the cues; null for the eight of 2504.11468, A.2"""
    whole_words: bool = False
    """false: a cue counts inside other words too ("again" in "against"), which is the study's rule"""
    assumed_rl: Share | None = None
    """the share of traces that should have a cue, for `--plan` alone; null where nothing is assumed"""


class FunctionConfig(StepSection):
    """A function of one's own: called with a sample's fields, returns those it changes.

    `{"drop": "reason"}` drops the sample. What it changes must be texts. It runs in one thread at a time.
    """

    step: Literal["function"]
    """the kind of step"""
    name: Name
    """how funnel, sources and errors call it"""
    path: Annotated[str, Field(pattern=r"^.+\.py:[A-Za-z_]\w*$")]
    """file.py:function, relative to where the command is run. The file's code is executed"""
    sets: tuple[Name, ...] = ()
    """fields that it may set beyond the usual ones, so that templates may use them"""

    @model_validator(mode="after")
    def _sets_no_usual_field(self) -> Self:
        doubled = [name for name in self.sets if name in FIELDS]
        if doubled:
            raise ValueError(f"sets {', '.join(doubled)}: usual fields, which any function may set; expected others")
        return self


#: what templates may use of any sample; texts, but for `choices`, a list of texts
FIELDS = {
    "question": "the question",
    "choices": "option texts in order",
    "answer": "the gold answer",
    "family": "the kind of task",
    "caption": "what the caption step wrote, or a column",
    "extra": "further information of the source",
    "reasoning": "the trace, without tags",
    "conclusion": "what follows the trace: the answer in words",
}
#: those that steps and columns may fill
FILLED = ("caption", "extra", "reasoning", "conclusion")

AskingConfig = CaptionConfig | DistilTraceConfig | RewriteConfig | VerifyConfig
StepConfig = Annotated[AskingConfig | SplitConfig | FunctionConfig, Field(discriminator="step")]


def step_name(step: AskingConfig | SplitConfig | FunctionConfig) -> str:
    """What a step is called."""
    return step.name or step.step
