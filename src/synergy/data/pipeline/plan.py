"""What a pipeline should take, before anything is asked: calls, tokens and cost by step and source.

All of it is estimated: how many samples pass a step and how long replies are is assumed by the config; prompts are
the templates filled with texts of the assumed lengths. Tries beyond the first and repeated requests are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synergy.config.pipeline import PipelineConfig, PipelineSourceConfig
from synergy.config.pipeline_steps import (
    AskingSection,
    CaptionConfig,
    DistilTraceConfig,
    SplitConfig,
    StepConfig,
    step_name,
)
from synergy.data.load import open_data
from synergy.data.pipeline.budget import price_of
from synergy.data.pipeline.steps.registry import open_templates
from synergy.data.pipeline.templates import PromptTemplate

_ASKED_EXAMPLES = 50  #: how many questions of a source are measured, where it can be opened
_ANSWER_TOKENS = 10


@dataclass(frozen=True, kw_only=True)
class PlannedStep:
    """One step over the samples of one source; numbers are expected values."""

    step: str
    num_in: float
    num_out: float
    num_calls: float
    prompt_tokens: float
    completion_tokens: float
    cost: float


@dataclass(frozen=True, kw_only=True)
class PlannedSource:
    """One source."""

    name: str
    num_problems: int
    is_counted: bool  #: the data were opened; else the number is assumed
    steps: tuple[PlannedStep, ...]
    num_rl: float | None  #: None where a split decides of which nothing is assumed
    num_sft: float | None

    @property
    def num_kept(self) -> float:
        """Samples that pass all steps."""
        return self.steps[-1].num_out


def plan_pipeline(config: PipelineConfig) -> list[PlannedSource]:
    """By source; raises as `open_data` where a source does not say how many problems to assume."""
    templates = open_templates(config)
    return [_planned(name, source, config, templates) for name, source in config.sources.items()]


def _planned(
    name: str, source: PipelineSourceConfig, config: PipelineConfig, templates: Mapping[str, PromptTemplate]
) -> PlannedSource:
    num, question_tokens = source.assumed.num_problems, float(source.assumed.question_tokens)
    is_counted = num is None
    if num is None:
        data = open_data(source.data)
        num = len(data)
        lengths = [len(data[index].problem.question) for index in range(min(num, _ASKED_EXAMPLES))]
        question_tokens = sum(lengths) / len(lengths) / config.assumed.characters_per_token
    tokens = {
        "question": question_tokens,
        "extra": float(source.assumed.extra_tokens),
        "answer": float(_ANSWER_TOKENS),
        "caption": question_tokens if "caption" in source.fields else 0.0,
        "reasoning": 0.0,
        "conclusion": 0.0,
    }
    steps: list[PlannedStep] = []
    num_left = float(num)
    for step in config.steps:
        planned = _step(step, step_name(step) in source.skip, num_left, tokens, config, templates)
        steps.append(planned)
        num_left = planned.num_out
    share = _rl_share(source, config.steps)
    rl = None if share is None else _most(num_left * share, source.most_rl)
    sft = None if share is None else _most(num_left * (1 - share), source.most_sft)
    return PlannedSource(name=name, num_problems=num, is_counted=is_counted, steps=tuple(steps), num_rl=rl, num_sft=sft)


def _rl_share(source: PipelineSourceConfig, steps: Sequence[StepConfig]) -> float | None:
    """Of what is kept; None where nothing is assumed of the split that decides."""
    if source.pool is not None:
        return float(source.pool == "rl")
    splits = [step for step in steps if isinstance(step, SplitConfig) and step_name(step) not in source.skip]
    return splits[-1].assumed_rl


def _most(num: float, limit: int | None) -> float:
    return num if limit is None else min(num, limit)


def _step(
    step: StepConfig,
    is_skipped: bool,
    num_in: float,
    tokens: dict[str, float],
    config: PipelineConfig,
    templates: Mapping[str, PromptTemplate],
) -> PlannedStep:
    """The step, and in `tokens` the lengths of what it writes."""
    name = step_name(step)
    num_out = num_in if is_skipped else num_in * step.assumed_kept
    if is_skipped or not isinstance(step, AskingSection):
        return PlannedStep(
            step=name, num_in=num_in, num_out=num_out, num_calls=0, prompt_tokens=0, completion_tokens=0, cost=0
        )
    template = templates[name]
    filled = {field: "x" if tokens.get(field) else "" for field in template.used}
    filled |= {"choices": ""} if "choices" in template.used else {}
    fixed = sum(map(len, template.render(filled))) / config.assumed.characters_per_token
    prompt = fixed + sum(tokens.get(field, 0.0) for field in template.used)
    prompt += config.assumed.image_tokens if step.images else 0
    completion = step.assumed_completion_tokens
    if isinstance(step, CaptionConfig):
        tokens["caption"] = completion
    elif isinstance(step, DistilTraceConfig):
        tokens["conclusion"] = min(config.assumed.conclusion_tokens, completion)
        tokens["reasoning"] = completion - tokens["conclusion"]
    total_weight = sum(step.endpoints.values())
    cost = sum(
        weight / total_weight * price_of(config.endpoints[each], round(prompt), completion).money
        for each, weight in step.endpoints.items()
    )
    return PlannedStep(
        step=name,
        num_in=num_in,
        num_out=num_out,
        num_calls=num_in,
        prompt_tokens=num_in * prompt,
        completion_tokens=num_in * completion,
        cost=num_in * cost,
    )
