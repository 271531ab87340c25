"""The document that says how models are evaluated: how they are asked, sampled, read, judged and summed up.

Two scores made under different protocols do not belong in one table. What a paper leaves open is a field here, and
its path stands in `ours`.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from synergy.config.base import Config
from synergy.config.judge import JudgeConfig
from synergy.prompts import get_preset

Count = Annotated[int, Field(gt=0)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]


class AskingConfig(Config):
    """How a question is put."""

    preset: str | None
    """the prompt preset, whose instruction and system turn are used; null asks the bare question"""
    instruct_tuned: bool = True
    """tuned models get the preset's instruction; without it they get the question and the system turn"""
    instruct_base: bool = True
    """untuned models get it too"""
    benchmark_instruction: bool = False
    """a benchmark's own demand on the answer's format stands with the question, as VLMEvalKit puts it"""
    system: str | None = None
    """another system turn than the preset's; null for the preset's own"""

    @field_validator("preset")
    @classmethod
    def _preset_is_known(cls, name: str | None) -> str | None:
        return name if name is None else get_preset(name).name

    @property
    def tells_models_apart(self) -> bool:
        """Whether it matters if a model is tuned or not."""
        return self.preset is not None and self.instruct_tuned != self.instruct_base


class ResponseConfig(Config):
    """How responses are sampled."""

    temperature: Annotated[float, Field(ge=0)]
    """logits are divided by it; 0 takes the likeliest token"""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """sample among the likeliest tokens that together have this probability; 1 for all tokens"""
    top_k: Annotated[int, Field(ge=0)] = 0
    """sample among so many of the likeliest tokens; 0 for all"""
    max_tokens: Count
    """a response has at most so many tokens"""


class ImageConfig(Config):
    """To how many pixels the image processor brings an image; a server uses its own limits."""

    min_pixels: Count | None = None
    """smaller images are enlarged to so many; null for the processor's own"""
    max_pixels: Count | None = None
    """larger images are reduced to so many; null for the processor's own"""

    @model_validator(mode="after")
    def _limits_are_in_order(self) -> Self:
        if self.min_pixels and self.max_pixels and self.min_pixels > self.max_pixels:
            raise ValueError(f"min_pixels {self.min_pixels} above max_pixels {self.max_pixels}; expected at most that")
        return self


class SuiteEntry(Config):
    """One column of the protocol's table."""

    benchmark: Name
    """the benchmark"""
    metric: str | None = None
    """which of its metrics counts here; null for its main one"""


class ProtocolConfig(Config):
    """One way of evaluating."""

    kind: Literal["protocol"]
    """the kind of document"""
    name: Name
    """what it is called in tables"""
    source: str
    """the paper and section it follows"""
    ours: tuple[str, ...] = ()
    """paths of fields that the source does not state: what stands there is our choice"""
    asking: AskingConfig
    """how questions are put"""
    response: ResponseConfig
    """how responses are sampled"""
    num_runs: Count = 1
    """responses to each problem; a score is the mean over the runs"""
    images: ImageConfig = ImageConfig()
    """sizes of images"""
    extraction: Literal["any", "preset"] = "any"
    """where an answer is looked for: in every dress that answers come in, or as the preset asks alone"""
    truncated_is_wrong: bool = True
    """a response that the token limit cut off, or whose thinking never ends, is wrong under every rule"""
    judge: JudgeConfig | None = None
    """who is asked where rules leave it open, if a server for it is given; null for rules alone"""
    suite: tuple[SuiteEntry, ...] = ()
    """the benchmarks whose plain mean is the protocol's score"""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.extraction == "preset" and self.asking.preset is None:
            raise ValueError("extraction preset without asking.preset; expected a preset, or extraction: any")
        names = [entry.benchmark for entry in self.suite]
        doubled = next((name for name in names if names.count(name) > 1), None)
        if doubled:
            raise ValueError(f"suite names {doubled} twice; expected each benchmark once, as its mean counts them")
        missing = next((path for path in self.ours if not _has(self, path.split("."))), None)
        if missing:
            raise ValueError(f"ours names '{missing}', which is no field; expected paths such as response.top_k")
        return self

    def metric_of(self, benchmark: str) -> str | None:
        """The metric that the suite counts, None where it leaves that to the benchmark or has no such benchmark."""
        return next((entry.metric for entry in self.suite if entry.benchmark == benchmark), None)

    @property
    def comparable(self) -> Self:
        """The same without what only names it: two protocols with equal ones make comparable scores."""
        return self.model_copy(update={"name": "", "source": "", "ours": (), "suite": ()})


def _has(value: Any, path: list[str]) -> bool:
    if not path:
        return True
    # what is below a section that is null cannot be checked
    return value is None or (path[0] in type(value).model_fields and _has(getattr(value, path[0]), path[1:]))


def preset_protocol(kind: str, prompt: str, response: ResponseConfig, num_runs: int) -> ProtocolConfig:
    """What a document of that kind asks by: a prompt preset, in whose form alone an answer counts."""
    return ProtocolConfig(
        kind="protocol",
        name=kind,
        source=f"a {kind} config",
        asking=AskingConfig(preset=prompt),
        response=response,
        num_runs=num_runs,
        extraction="preset",
    )
