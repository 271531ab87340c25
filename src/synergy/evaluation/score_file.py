"""A score with everything it depends on, as one JSON file; whatever is not as it was written is refused when read."""

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, JsonValue, ValidationError

from synergy.config.base import Config
from synergy.config.explain import explain
from synergy.config.judge import JudgeConfig
from synergy.config.protocol import ProtocolConfig
from synergy.errors import FileError, InputError
from synergy.evaluation.breakdown_part import BreakdownPart, LevelsPart, Number, Share
from synergy.evaluation.shards import write_whole

FORMAT = 1


class MetricScore(Config):
    """One metric under one rule."""

    value: Share
    """the mean over runs"""
    num: Number
    """of how many problems, groups or parts each run's value is the mean"""
    by_run: tuple[Share, ...]
    """each run's value"""
    interval: tuple[Share, Share] | None
    """95 %, of the mean over runs; null for a metric that is no mean over problems or groups of them"""
    resampled: str | None
    """what the bootstrap drew: problem, or the tag whose values tell groups apart"""


class LevelScore(Config):
    """Accuracy on the problems of one level, over all runs."""

    accuracy: Share
    """correct responses over all of them"""
    num: Number
    """problems"""


class RuleScore(Config):
    """What one way of deciding says."""

    metrics: dict[str, MetricScore]
    """by the benchmark's own names"""
    levels: dict[str, LevelScore]
    """by level, 1 (easiest) … 5; empty where problems have none"""
    num_unscored: Number
    """responses that nothing could decide; they are in the denominators and count as not correct"""
    decided_by: dict[str, Number]
    """how many responses each rule decided"""
    extractors: dict[str, Number]
    """how many answers each extraction rule found"""


class BenchmarkPart(Config):
    """What was asked."""

    name: str
    title: str
    source: str
    main_metric: str
    """the metric that tables show: the protocol's where it names one"""
    num_problems: Number
    limit: Number | None
    """where only the first so many problems were asked, how many: such a score is not the benchmark's"""
    problems_sha256: str
    """of ids, questions, answers and levels in order, whatever file they came in"""
    data: str
    """where they are from"""
    data_sha256: str | None
    """of that file; null where there is none"""
    official_source: str


class ModelPart(Config):
    """What answered."""

    name: str
    """in tables"""
    checkpoint: str | None
    """folder or repository; null for a served model or saved responses"""
    revision: str | None
    weights_sha256: str | None
    """of the safetensors files and config.json of a local folder"""
    dtype: str | None
    backend: Literal["local", "vllm", "endpoint", "file"]
    served_as: str | None
    """its name on the server"""


class SamplingPart(Config):
    """How responses came about, where that is known."""

    asked_as: Literal["tuned", "base"] | None
    """which of the protocol's two ways of asking; null where it makes no difference"""
    seed: Number
    num_runs: Annotated[int, Field(gt=0)]
    problems_per_shard: Number
    applies_image_limits: bool
    """whether the protocol's limits on pixels were ours to apply: a server has its own"""
    first_problem: str
    first_prompt: JsonValue
    """what was sent for it: the text, or the messages of the chat"""


class ResponsesPart(Config):
    """How responses ended."""

    num: Number
    truncated_fraction: Share
    """cut off at the token limit, or with thinking that never ends"""
    at_limit_fraction: Share | None
    """cut off at the token limit; null where a file does not say"""
    unfinished_thinking_fraction: Share
    num_failed: Number
    """without a response, as the back-end failed; unscored"""
    mean_tokens: float | None


class JudgePart(Config):
    """Who judged."""

    config: JudgeConfig
    served_as: str
    prompt: str
    """version of the prompt"""
    prompt_sha256: str
    num_calls: Number
    num_cached: Number
    num_failed: Number
    num_unreadable: Number
    prompt_tokens: Number
    completion_tokens: Number


class ScoreFile(Config):
    """One model on one benchmark."""

    kind: Literal["score"]
    format: Literal[1]
    date: str
    benchmark: BenchmarkPart
    model: ModelPart
    protocol: ProtocolConfig | None
    """null for saved responses: how they were made is not known"""
    protocol_sha256: str | None
    """of the protocol without its name and suite"""
    extraction: str
    """any, or the preset whose form alone counted as an answer"""
    truncated_is_wrong: bool
    sampling: SamplingPart | None
    """null for saved responses"""
    responses: ResponsesPart
    rules: dict[str, RuleScore]
    """strict and lenient are ours; official is the benchmark authors' own without a judge; judged is the judge's"""
    levels: LevelsPart | None = None
    """whose levels these are; null for those that the problems came with"""
    breakdown: BreakdownPart | None = None
    """by level, family, answer kind and length; null in files of before there was one"""
    judge: JudgePart | None
    packages: dict[str, str]
    items: str
    """the file beside this one that holds the verdicts on each response"""

    @property
    def shown_rule(self) -> str:
        """Which rule tables show: the judge's where there was one, else ours."""
        return "judged" if "judged" in self.rules else "strict"

    def main(self, rule: str) -> MetricScore | None:
        """The main metric under a rule, None where either is absent."""
        found = self.rules.get(rule)
        return found.metrics.get(self.benchmark.main_metric) if found else None


def write_score(score: ScoreFile, path: Path) -> None:
    """Write it whole or not at all; raises FileError."""
    write_whole(path, [json.dumps(score.model_dump(mode="json"), indent=2, ensure_ascii=False, allow_nan=False), "\n"])


def read_score(path: Path) -> ScoreFile:
    """The score in a file; raises FileError where it cannot be read, InputError where it is no score file."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path}: no UTF-8 text; expected a score.json of `synergy eval` or `synergy score`") from None
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror}); expected a score.json of `synergy eval`") from None
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise InputError(f"{path}: no JSON ({error}); expected a score.json of `synergy eval`") from None
    if not isinstance(fields, dict) or fields.get("kind") != "score":
        raise InputError(f"{path}: no score file (its kind is not 'score'); expected a score.json of `synergy eval`")
    try:
        return ScoreFile.model_validate_json(text)
    except ValidationError as error:
        raise explain(error, ScoreFile, lambda _: str(path)) from None
