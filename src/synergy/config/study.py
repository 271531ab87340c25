"""The document that says what a study compares: arms × seeds × axes, under settings that all of them share.

Settings of trainings are *stages*: mappings with the keys of a train document (`synergy.config.train`), laid on top of
`stages.common`. A recipe (`synergy.recipes`) says which stages an arm goes through. An arm may change a stage's values,
but only where `varies` names their path: what arms are allowed to differ in is part of the question.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Field, JsonValue, model_validator

from synergy.config.algorithm_sections import laid_over
from synergy.config.assumed import AssumedConfig
from synergy.config.base import Config
from synergy.config.benchmark_data import EvaluationDataConfig
from synergy.config.cluster import ClusterConfig
from synergy.config.documents import read_document
from synergy.config.protocol import ProtocolConfig
from synergy.config.shipped_files import PROTOCOLS
from synergy.config.tuning import TuningConfig
from synergy.errors import unknown_name

Count = Annotated[int, Field(gt=0)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
Settings = dict[str, JsonValue]
RecipeName = Literal[
    "base",
    "sft",
    "rl",
    "two_stage",
    "interleaved",
    "progressive",
    "data_mixing",
    "merging",
    "eureka_distill",
    "restored",
    "released",
    "released_merging",
]


class ArmConfig(Config):
    """One way of training that the study compares."""

    recipe: RecipeName
    """how the model is made"""
    stages: dict[str, Settings] = Field(default_factory=dict)
    """by stage, values on top of the study's own; their paths must be in `varies`"""
    options: Settings = Field(default_factory=dict)
    """of the recipe itself, such as merging's sft_ratio; see `synergy.recipes`"""
    note: str = ""
    """what the arm is, for the report"""


class EvaluationSetConfig(Config):
    """Problems that all arms are evaluated on."""

    name: Name
    """what tables call it"""
    title: str
    """what charts call it"""
    data: EvaluationDataConfig
    """the problems, or a benchmark with its own rule and metrics"""


class LevelsConfig(Config):
    """Difficulty levels from a reference model's pass counts (2507.07562, section 2.3)."""

    num_samples: Annotated[int, Field(ge=1)] = 16
    """attempts at each problem, with random numbers of their own"""
    model: str | None = None
    """the reference model's checkpoint; null for the study's base model"""


class StudyEvaluationConfig(Config):
    """How the models of all arms are evaluated, alike."""

    protocol: ProtocolConfig
    """how they are asked, sampled and read; `num_runs` is the number of attempts at each problem. `shipped: vlaa` is
    the shipped protocol of that name, under the values given beside it"""
    sets: Annotated[tuple[EvaluationSetConfig, ...], Field(min_length=1)]
    """the problems"""
    levels: LevelsConfig | None = LevelsConfig()
    """where levels come from; null for those that the problems have"""
    problems_per_shard: Count = 1024
    """problems that are sampled together"""
    dtype: Literal["float32", "bfloat16", "float16"] | None = None
    """of the weights while models are measured; null for that of `common.model`"""
    backend: Literal["local", "vllm"] = "local"
    """what samples while models are measured"""


class AxisValue(Config):
    """One point of an axis."""

    label: Name
    """what tables call it"""
    stages: dict[str, Settings] = Field(default_factory=dict)
    """by stage, values on top of the study's own"""


class StudyConfig(Config):
    """A controlled comparison."""

    kind: Literal["study"]
    """the kind of document"""
    name: Name
    """of its folder: runs/NAME"""
    title: str
    """of its report"""
    evidence: str
    """what its numbers are evidence about and what not; stands at the head of the report"""
    source: str = ""
    """the paper whose question it asks"""
    seeds: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)] = (0,)
    """every arm is made with each"""
    varies: tuple[str, ...] = ("recipe",)
    """what arms may differ in: recipe, or paths into stages such as rl.sampling; a path covers all below it"""
    data: Settings | None = None
    """what all data sections of the study share, those of stages, of their evaluation and of `evaluation.sets`: it is
    laid below each of them, which says what is its own. A section of another `source` is left alone, and so is an
    evaluation without data"""
    stages: dict[str, Settings]
    """settings of trainings by stage; `common` is below all of them, and `extends: rl` lays a stage on another. A stage
    `base`, where there is one, makes the base model of `common.model` before any arm begins"""
    arms: Annotated[dict[Name, ArmConfig], Field(min_length=1)]
    """what is compared"""
    baseline: str = "base"
    """the arm that gains are measured against"""
    evaluation: StudyEvaluationConfig
    """how models are measured"""
    axes: dict[Name, tuple[AxisValue, ...]] = Field(default_factory=dict)
    """what is varied for all arms alike, such as the model or the number of problems: a grid of their values"""
    scales: dict[Name, dict[str, JsonValue]] = Field(default_factory=dict)
    """smaller or larger versions of the study, by name: paths into this document and their values"""
    scale: Name | None = None
    """which of `scales` is meant; null for the study as it stands"""
    tuning: TuningConfig | None = None
    """how the learning rates were chosen, as `synergy tune` writes it into a file that the study extends"""
    claims: tuple[str, ...] | None = None
    """which claims of the registry are judged; null for all whose arms are here"""
    diagnostics: tuple[str, ...] = ()
    """which diagnostics (`synergy diagnose --list`) are asked when all steps are done, before the report is written"""
    published: str | None = None
    """a JSON file of published figures to show beside ours"""
    cluster: ClusterConfig | None = None
    """the machine that `--plan` plans for; null for what finished steps show of this one"""
    assumed: AssumedConfig | None = None
    """sizes and lengths that `--plan` takes for granted; null where none are stated, and nothing is estimated then"""

    @classmethod
    def completed(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """With `data` below the evaluation sets' data, and a shipped protocol below the values beside its name.

        Stages are completed where a recipe asks for them.
        """
        evaluation = values.get("evaluation")
        if not isinstance(evaluation, Mapping):
            return values
        evaluation = {**evaluation}
        if isinstance(evaluation.get("protocol"), Mapping):
            evaluation["protocol"] = _from_shipped(evaluation["protocol"])
        if isinstance(values.get("data"), Mapping) and isinstance(evaluation.get("sets"), list):
            evaluation["sets"] = [_with_data(each, values["data"]) for each in evaluation["sets"]]
        return {**values, "evaluation": evaluation}

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.baseline not in self.arms:
            raise ValueError(f"baseline {self.baseline} is no arm; expected one of: {', '.join(self.arms)}")
        if self.scale is not None and self.scale not in self.scales:
            raise ValueError(f"scale {self.scale} is not among scales; expected one of: {', '.join(self.scales)}")
        if "common" not in self.stages:
            raise ValueError("stages without common; expected the settings that all trainings share")
        for arm, config in self.arms.items():
            unknown = [stage for stage in config.stages if stage not in self.stages]
            if unknown:
                raise ValueError(
                    f"arm {arm} changes stage {unknown[0]}, which the study has not; expected one of: "
                    f"{', '.join(self.stages)}"
                )
        return self


def _from_shipped(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The shipped protocol that `shipped` names, under the values given beside it; other values as they are."""
    if "shipped" not in values:
        return values
    name = str(values["shipped"])
    if name not in PROTOCOLS:
        raise unknown_name("shipped protocol", name, PROTOCOLS)
    return laid_over(read_document(PROTOCOLS[name]), {key: value for key, value in values.items() if key != "shipped"})


def _with_data(evaluation_set: Any, shared: Mapping[str, Any]) -> Any:
    """A set with `shared` below its data; as it is where its source is another one, or it is no mapping at all."""
    data = evaluation_set.get("data", {}) if isinstance(evaluation_set, Mapping) else None
    if not isinstance(data, Mapping) or data.get("source", shared.get("source")) != shared.get("source"):
        return evaluation_set
    return {**evaluation_set, "data": {**shared, **data}}
