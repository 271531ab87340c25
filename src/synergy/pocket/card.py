"""The pocket model's card: what it can do, measured now, against the bounds that the pocket promises.

The bounds make the model what a reasoning model is before its training: it follows the format, reasons briefly, is
right on easy problems and wrong on hard ones, with room to rise and something to lose.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
import torch
from transformers import PaddleOCRVLProcessor, Qwen2_5_VLForConditionalGeneration

from synergy.config.build import PocketBuildConfig
from synergy.config.resolve import config_hash
from synergy.pocket.build.examples import answer_rows
from synergy.pocket.build.losses import language_backward
from synergy.pocket.families import BASE_SKILL, TRAINING_FAMILIES
from synergy.pocket.probe import Sampled, sample
from synergy.pocket.tasks import LEVELS
from synergy.pocket.world import items
from synergy.prompts import ANSWER_TAGS, BOXED, PromptPreset
from synergy.records import Problem, RolloutGroup
from synergy.statistics.levels import level_of
from synergy.statistics.rates import clustered_standard_error

NUM_PROBLEMS, NUM_SAMPLES = 500, 16
_NUM_HELD_OUT, _NUM_DESCRIBED, _FEWER_SAMPLES = 200, 100, 4
_SPEED_BATCH, _SPEED_STEPS = 64, 4


@dataclass(frozen=True)
class Measure:
    """One line of the card."""

    name: str
    value: float
    error: float | None = None  #: one standard error, clustered by problem, where there is one
    low: float | None = None  #: the promised bounds; None where nothing is promised on that side
    high: float | None = None
    unit: str = ""  #: "" for a share

    @property
    def within(self) -> bool:
        """Whether the value keeps the promise."""
        return (self.low is None or self.value >= self.low) and (self.high is None or self.value <= self.high)

    def line(self) -> tuple[str, str, str, str, str]:
        """Name, value, standard error, bounds and verdict as text."""

        def shown(value: float | None) -> str:
            if value is None:
                return ""
            return f"{value:,.0f} {self.unit}" if self.unit else f"{value:.1%}"

        bounds = {
            (False, False): f"{shown(self.low)} … {shown(self.high)}",
            (False, True): f"at least {shown(self.low)}",
            (True, False): f"at most {shown(self.high)}",
            (True, True): "",
        }[self.low is None, self.high is None]
        verdict = "" if not bounds else "ok" if self.within else "outside"
        return self.name, shown(self.value), shown(self.error), bounds, verdict


@dataclass(frozen=True)
class Card:
    """All measures, and how they were made."""

    measures: tuple[Measure, ...]
    settings: dict[str, object]

    @property
    def within(self) -> bool:
        """Whether every promise is kept."""
        return all(measure.within for measure in self.measures)

    def lines(self) -> list[tuple[str, str, str, str, str]]:
        """Name, value, standard error, bounds and verdict of every measure, as text."""
        return [measure.line() for measure in self.measures]

    def to_markdown(self, config: PocketBuildConfig) -> str:
        """The model card of a built folder: how it was made, how it is asked, how it scores."""
        rows = "\n".join(f"| {' | '.join(line)} |" for line in self.lines())
        settings = ", ".join(f"{name} {value}" for name, value in self.settings.items())
        return _MARKDOWN.format(
            size=config.size,
            seed=config.seed,
            parameters=self.settings["parameters"],
            rows=rows,
            settings=settings,
            config_hash=config_hash(config),
            boxed=BOXED.instruction,
            answer_tags=ANSWER_TAGS.system,
        )

    def to_json(self) -> str:
        """The card as a JSON document."""
        return json.dumps(asdict(self) | {"within": self.within}, indent=2)


_MARKDOWN = """---
license: apache-2.0
pipeline_tag: image-text-to-text
library_name: transformers
---
# Synergy pocket model, {size}

A Qwen2.5-VL of {parameters:,} parameters that knows only the pocket world of small pictures. It shows that training
machinery works; it is no evidence about larger models.

It loads with plain `AutoModelForImageTextToText.from_pretrained` and `AutoProcessor.from_pretrained`. It was made by
`synergy pocket build --size {size} --seed {seed} --out DIR` (configuration in `build.json`, hash `{config_hash}`):
the vision tower learned to classify cells, then the model learned captions, then short answers on the families sum,
count, compare, locate and expression. It has never seen the families chart and jigsaw.

It follows two prompt presets. `boxed`, in the user turn after the question:

> {boxed}

`answer_tags`, as the system turn:

> {answer_tags}

## What it can do

Measured by `synergy pocket card` when it was built ({settings}); shares unless a unit is given.

| measure | value | ± (1 s.e.) | promised | |
|---|---|---|---|---|
{rows}
"""


def measure_card(
    model: Qwen2_5_VLForConditionalGeneration,
    processor: PaddleOCRVLProcessor,
    *,
    seed: int = 0,
    num_problems: int = NUM_PROBLEMS,
    progress: Callable[[str, float], None] = lambda part, share: None,
) -> Card:
    """Measure everything; `progress` is told the part under way and how much of it is done, 0 … 1."""

    def run(part: str, problems: list[Problem], preset: PromptPreset, num_samples: int) -> Sampled:
        return sample(
            model,
            processor,
            problems,
            preset,
            num_samples=num_samples,
            seed=seed,
            progress=lambda done: progress(part, done / len(problems)),
        )

    problems = _problems(TRAINING_FAMILIES, num_problems, seed)
    boxed = run("training families, boxed", problems, BOXED, NUM_SAMPLES)
    tagged = run("training families, answer_tags", problems, ANSWER_TAGS, _FEWER_SAMPLES)
    described = run("captions", _problems((BASE_SKILL,), _NUM_DESCRIBED, seed), BOXED, _FEWER_SAMPLES)
    chart = run("chart", _problems(("chart",), _NUM_HELD_OUT, seed), BOXED, _FEWER_SAMPLES)
    jigsaw = run("jigsaw", _problems(("jigsaw",), _NUM_HELD_OUT, seed), BOXED, _FEWER_SAMPLES)
    chance = 1 / 9
    measures = (
        _mean("accuracy", boxed, low=0.35, high=0.60),
        *_level_shares(boxed.groups),
        Measure("format followed, boxed", boxed.format_rate, low=0.95),
        Measure("format followed, answer_tags", tagged.format_rate, low=0.95),
        _mean("caption cells right", described, low=0.95),
        _mean("chart (held out)", chart, low=0.05, high=0.40),
        _above("jigsaw positions (held out)", jigsaw, chance),
        Measure("jigsaw exact (held out)", jigsaw.accuracy),
        _mean("accuracy, answer_tags", tagged),
        *(_mean(f"accuracy, {family}", _part(boxed, family=family)) for family in TRAINING_FAMILIES),
        *(_mean(f"accuracy, generating level {level}", _part(boxed, level=level)) for level in LEVELS),
        Measure("truncated", boxed.truncation_rate),
        Measure("response tokens", boxed.num_tokens / len(boxed.rollouts), unit="tokens"),
        Measure("generation speed", _generation_speed(model, processor, problems, seed), unit="tokens/s"),
        Measure("SFT speed", _training_speed(model, processor, seed), unit="samples/s"),
    )
    settings: dict[str, object] = {
        "problems": num_problems,
        "samples per problem": NUM_SAMPLES,
        "temperature": 1.0,
        "split": "evaluation",
        "seed": seed,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }
    return Card(measures, settings)


def _problems(families: tuple[str, ...], num: int, seed: int) -> list[Problem]:
    return [item.problem() for item in items("evaluation", num, families=families, seed=seed)]


def _mean(name: str, sampled: Sampled, low: float | None = None, high: float | None = None) -> Measure:
    scores = [(r.verdict.score or 0.0) if r.verdict else 0.0 for r in sampled.rollouts]
    if name.startswith(("accuracy", "chart")):
        scores = [float(bool(r.verdict and r.verdict.correct)) for r in sampled.rollouts]
    clusters = [group.problem.id for group in sampled.groups for _ in group.rollouts]
    error = clustered_standard_error(scores, clusters)
    return Measure(name, float(np.mean(scores)), float(error), low, high)


def _above(name: str, sampled: Sampled, chance: float) -> Measure:
    """A mean that must lie two standard errors above chance."""
    mean = _mean(name, sampled)
    return Measure(name, mean.value, mean.error, low=chance + 2 * (mean.error or 0.0))


def _part(sampled: Sampled, family: str | None = None, level: int | None = None) -> Sampled:
    kept = tuple(
        group
        for group in sampled.groups
        if family in (None, group.problem.family) and level in (None, group.problem.level)
    )
    return Sampled(kept, 0, 0.0)


def _level_shares(groups: tuple[RolloutGroup, ...]) -> list[Measure]:
    """How many problems fall into each pass-rate level (2507.07562, section 2.3)."""
    levels = [level_of(group.num_correct, len(group.rollouts)) for group in groups]
    return [
        Measure(f"problems in pass-rate level L{level}", levels.count(level) / len(levels), low=0.08)
        for level in LEVELS
    ]


def _generation_speed(
    model: Qwen2_5_VLForConditionalGeneration,
    processor: PaddleOCRVLProcessor,
    problems: list[Problem],
    seed: int,
) -> float:
    """Tokens a second at 64 responses at a time, end tokens included, padding not."""
    sampled = sample(model, processor, problems[:_SPEED_BATCH], BOXED, num_samples=1, seed=seed)
    return sampled.num_tokens / sampled.seconds


def _training_speed(model: Qwen2_5_VLForConditionalGeneration, processor: PaddleOCRVLProcessor, seed: int) -> float:
    """Forward and backward passes over short traces, samples a second; weights stay as they are."""
    model.train()
    backward = language_backward(
        model, processor, lambda step: answer_rows(seed, step, _SPEED_BATCH, (1.0,) * len(LEVELS))
    )
    backward(0)
    started = time.perf_counter()
    for step in range(1, _SPEED_STEPS + 1):
        backward(step)
    seconds = time.perf_counter() - started
    model.zero_grad(set_to_none=True)
    return _SPEED_BATCH * _SPEED_STEPS / seconds
