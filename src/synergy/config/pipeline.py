"""The document that describes one data pipeline: sources, the servers that are asked, the steps, what it may cost."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from synergy.config.base import Config
from synergy.config.data import DataConfig
from synergy.config.pipeline_steps import FILLED, AskingSection, FunctionConfig, Name, StepConfig, step_name
from synergy.config.sampling import EndpointConfig
from synergy.errors import nearest

Count = Annotated[int, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]

SERVE = "serve"  #: as an endpoint's url: the server that the section `serve` starts


class PipelineEndpointConfig(EndpointConfig):
    """A server that is asked, what it bears and what it costs."""

    url: Annotated[str, Field(pattern=r"^(https?://.+|serve)$")]
    """the server's base, such as https://api.example.com/v1; serve: the one that the section serve starts"""
    requests_per_minute: Annotated[float, Field(gt=0)] | None = None
    """the provider's limit; null for none"""
    tokens_per_minute: Annotated[float, Field(gt=0)] | None = None
    """the provider's limit on prompts and replies together; null for none"""
    prompt_price: NonNegative = 0.0
    """of a million prompt tokens, in the currency of the budget"""
    completion_price: NonNegative = 0.0
    """of a million tokens of replies"""


class AssumedSourceConfig(Config):
    """What `--plan` takes for granted of a source."""

    num_problems: Count | None = None
    """how many problems; null to open the data and count"""
    question_tokens: Count = 60
    """of a question"""
    extra_tokens: Annotated[int, Field(ge=0)] = 0
    """of the extra information"""


class PipelineSourceConfig(Config):
    """Problems of one origin and what is special about them."""

    data: DataConfig
    """the problems"""
    fields: Mapping[Name, str] = Field(default_factory=dict)
    """fields that columns fill, such as {extra: scene_text}; of tables in our own layout and of the pocket"""
    skip: tuple[Name, ...] = ()
    """steps that its samples pass by"""
    pool: Literal["rl", "sft"] | None = None
    """where its samples go whatever a split step says; null: where that says"""
    most_rl: Count | None = None
    """at most so many go to RL, chosen by the hash of their ids; null for all"""
    most_sft: Count | None = None
    """at most so many go to SFT; null for all"""
    assumed: AssumedSourceConfig = AssumedSourceConfig()
    """for `--plan` alone"""

    @model_validator(mode="after")
    def _fields_are_known(self) -> Self:
        for name in self.fields:
            if name not in FILLED:
                raise ValueError(f"fields: unknown field '{name}'; expected one of: {', '.join(FILLED)}")
        return self


class BudgetConfig(Config):
    """What all replies in the file of replies may cost; nothing that could exceed it is asked.

    Tokens are the server's own count, estimated where it gives none. Tries that fail on the way are not counted.
    """

    tokens: Count | None = None
    """prompts and replies together; null for no limit"""
    money: NonNegative | None = None
    """by the endpoints' prices; null for no limit"""
    currency: str = "$"
    """shown before amounts"""


class FaultsConfig(Config):
    """Faults that the pocket's server plants, each as a share of its replies, so that filters have work."""

    wrong_answer: Share = 0.0
    """the solver's trace ends in a wrong answer"""
    says_caption: Share = 0.0
    """the solver's trace says "the caption shows" """
    long_rewrite: Share = 0.0
    """the rewriter adds sentences"""
    malformed: Share = 0.0
    """a reply without the form that was asked for"""
    refusal: Share = 0.0
    """a reply that declines"""
    seed: Annotated[int, Field(ge=0)] = 0
    """another seed plants them elsewhere"""


class ServeConfig(Config):
    """The pocket's exact server (`synergy pocket serve`), started for the time of the run over its pocket sources."""

    faults: FaultsConfig = FaultsConfig()
    """what it does wrong on purpose"""
    latency_seconds: NonNegative = 0.0
    """how long it takes for each reply"""


class AssumedConfig(Config):
    """What `--plan` takes for granted of everything."""

    characters_per_token: Annotated[float, Field(gt=0)] = 4.0
    """of templates; ours"""
    image_tokens: Count = 765
    """of one image; ours: what OpenAI's tiling gives 1024 × 1024 pixels"""
    conclusion_tokens: Count = 60
    """of the words after a trace; ours"""


class PipelineConfig(Config):
    """One data pipeline, as 2504.11468 made VLAA-Thinking."""

    kind: Literal["pipeline"]
    """the kind of document"""
    title: str = ""
    """for people"""
    sources: Annotated[Mapping[Name, PipelineSourceConfig], Field(min_length=1)]
    """where problems come from, by name"""
    endpoints: Mapping[Name, PipelineEndpointConfig] = Field(default_factory=dict)
    """the servers, by name"""
    steps: Annotated[tuple[StepConfig, ...], Field(min_length=1)]
    """what is done to each sample, in this order; any may be left out, moved, or be a function of one's own"""
    budget: BudgetConfig = BudgetConfig()
    """what it may cost"""
    unreadable: Literal["stop", "drop"] = "stop"
    """a problem whose image cannot be decoded: stop with what is done kept, or drop and count it"""
    replies: Path | None = None
    """the file of replies, which several runs may share one after the other; null for replies.sqlite in the folder"""
    serve: ServeConfig | None = None
    """start the pocket's exact server; null for none"""
    published: str | None = None
    """shipped figures whose table `pipeline` is printed beside the funnel, such as vlaa_thinking"""
    assumed: AssumedConfig = AssumedConfig()
    """for `--plan` alone"""

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        names = [step_name(step) for step in self.steps]
        doubled = [name for name, num in Counter(names).items() if num > 1]
        if doubled:
            raise ValueError(f"steps: two are called {doubled[0]}; expected different names: give one a name")
        for step in self.steps:
            for name in step.endpoints if isinstance(step, AskingSection) else ():
                if name not in self.endpoints:
                    known = ", ".join(self.endpoints) or "none"
                    raise ValueError(
                        f"step {step_name(step)}: unknown endpoint '{name}'{nearest(name, self.endpoints)}; expected "
                        f"one of: {known}"
                    )
        for label, source in self.sources.items():
            for name in source.skip:
                if name not in names:
                    raise ValueError(
                        f"source {label} skips '{name}'{nearest(name, names)}; expected one of: {', '.join(names)}"
                    )
        return self

    @model_validator(mode="after")
    def _every_sample_has_a_pool(self) -> Self:
        splits = [step_name(step) for step in self.steps if step.step == "split"]
        for label, source in self.sources.items():
            if source.pool is None and all(name in source.skip for name in splits):
                raise ValueError(f"source {label} passes no split step; expected pool: rl or pool: sft")
        return self

    @model_validator(mode="after")
    def _serve_is_used(self) -> Self:
        served = [name for name, endpoint in self.endpoints.items() if endpoint.url == SERVE]
        if served and self.serve is None:
            raise ValueError(f"endpoint {served[0]} has url serve without a section serve; expected one, or a url")
        if self.serve is not None and not any(each.data.source == "pocket" for each in self.sources.values()):
            raise ValueError("serve without a source of the pocket; expected one, as it answers about those problems")
        return self

    @property
    def own_fields(self) -> tuple[str, ...]:
        """Fields that functions add to the usual ones."""
        return tuple(name for step in self.steps if isinstance(step, FunctionConfig) for name in step.sets)
