"""The document that describes one training run: one model, one algorithm, one data set."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from synergy.config.algorithm import AlgorithmConfig
from synergy.config.algorithm_sections import ImitationSection, PolicyGradientSection
from synergy.config.base import Config
from synergy.config.data import DataConfig, PocketDataConfig
from synergy.config.model import ModelConfig
from synergy.config.reward import RewardConfig
from synergy.config.sampling import SamplingConfig
from synergy.config.watch import WatchConfig
from synergy.prompts import get_preset

Count = Annotated[int, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
NonNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Beta = Annotated[float, Field(ge=0, lt=1)]


class OptimizerConfig(Config):
    """AdamW (1711.05101) and the course of its learning rate."""

    learning_rate: Positive
    """peak learning rate"""
    betas: tuple[Beta, Beta] = (0.9, 0.999)
    """decay of the running means of gradient and squared gradient"""
    weight_decay: NonNegative = 0.0
    """of matrices; vectors, such as biases and norms, are not decayed"""
    epsilon: Positive = 1e-8
    """added to the root of the squared gradient's mean"""
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    """what the learning rate does after its warm-up"""
    warmup_fraction: Fraction = 0.0
    """share of the optimiser steps over which the learning rate rises to its peak"""
    final_lr_fraction: Fraction = 0.0
    """where linear and cosine end, relative to the peak"""
    max_gradient_norm: Positive = 1.0
    """a step's gradient of larger norm is scaled down to it"""


class LoopConfig(Config):
    """How long a run is and how a step is cut up."""

    num_steps: Count
    """how often problems are drawn, attempted (or their demonstrations read) and learned from"""
    problems_per_step: Count
    """problems of one step, over all processes"""
    samples_per_problem: Count = 8
    """attempts at each problem; not used where demonstrations are imitated"""
    updates_per_sampling: Count = 1
    """optimiser steps per step: its problems are divided among them"""
    max_tokens_per_micro_batch: Count = 16384
    """tokens of one forward and backward pass, prompts included; changes speed and memory, never the gradient"""
    max_tokens_per_tree: Count = 16384
    """a problem with more tokens, prompt and all responses, is split; no single response may be longer"""
    precision: Literal["float32", "bfloat16"] = "float32"
    """bfloat16: autocast over weights of `model.dtype`; float32: everything in `model.dtype`"""
    parallel: Literal["replicated", "sharded"] = "replicated"
    """over several processes: every one holds the whole model, as DDP, or a part of it (FSDP2)"""
    checkpoint_every_steps: Count = 50
    """steps between checkpoints; the last step always has one"""
    keep_checkpoints: Annotated[int, Field(ge=2)] = 2
    """the newest so many stay; two, so that one is left where the newest turns out torn"""
    skip_zero_signals: bool = True
    """leave sequences that move nothing out of forward and backward; they count in every denominator all the same"""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.updates_per_sampling > self.problems_per_step:
            raise ValueError(
                f"updates_per_sampling {self.updates_per_sampling} with problems_per_step {self.problems_per_step}; "
                "expected at least one problem per update"
            )
        return self


class OutOfSourceConfig(Config):
    """Problems of another source than those that are trained on."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
    """of its metrics: `evaluation/NAME/accuracy`"""
    data: DataConfig
    """the problems"""
    num_problems: Count = 200
    """the first so many of `data`"""


class EvaluationConfig(Config):
    """Sampling other problems now and then: to see, to stop early, to keep the best model."""

    every_steps: Count
    """steps between evaluations; the untrained and the final model are always evaluated"""
    num_problems: Count = 200
    """problems, the first ones of `data`"""
    samples_per_problem: Count = 1
    """attempts at each problem"""
    data: DataConfig | None = None
    """the problems; null for the pocket's validation split with the families, levels and seed of the training data"""
    temperature: NonNegative | None = None
    """of the attempts, 0 for the likeliest tokens; null for that of `sampling`"""
    patience: Count | None = None
    """stop after so many evaluations in a row without a higher accuracy; null never stops"""
    keep: Literal["last", "best"] = "last"
    """whose weights become the run's model: the last step's, or those of the highest accuracy seen, the first such"""
    first_step_kept: Annotated[int, Field(ge=0)] = 0
    """accuracies before this step count for neither `keep` nor `patience`; above 0 the untrained model is never kept"""
    out_of_source: tuple[OutOfSourceConfig, ...] = ()
    """further problems, attempted alike, to see whether what is learned carries over; only `data` counts for `keep` and
    `patience`"""

    @field_validator("out_of_source")
    @classmethod
    def _names_differ(cls, sets: tuple[OutOfSourceConfig, ...]) -> tuple[OutOfSourceConfig, ...]:
        names = [each.name for each in sets]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two sets are called {name}; expected different names")
        return sets


class SinksConfig(Config):
    """Where metrics go beside metrics.jsonl, which is always written."""

    trackio: str | None = None
    """a project's name; needs the extra trackio"""
    wandb: str | None = None
    """a project's name; needs the extra wandb"""
    tensorboard: bool = False
    """write event files into the run folder; needs the extra tensorboard"""


class TrainConfig(Config):
    """One training run."""

    kind: Literal["train"]
    """the kind of document"""
    seed: Annotated[int, Field(ge=0)] = 0
    """of the order of problems and of everything sampled"""
    model: ModelConfig
    """the model; checkpoint `pocket` is the shipped one"""
    data: DataConfig
    """the problems, and for imitation their demonstrations"""
    prompt: str
    """the prompt preset, which is also how answers are found"""
    algorithm: AlgorithmConfig
    """what is learned from attempts or demonstrations"""
    reward: RewardConfig = RewardConfig()
    """what attempts earn"""
    optimizer: OptimizerConfig
    """the optimiser"""
    sampling: SamplingConfig = SamplingConfig()
    """how attempts are sampled, in training and evaluation"""
    train: LoopConfig
    """the loop"""
    evaluation: EvaluationConfig | None = None
    """null never evaluates"""
    sinks: SinksConfig = SinksConfig()
    """further places for metrics"""
    watch: WatchConfig | None = None
    """what is watched while it trains; null watches nothing"""

    @field_validator("prompt")
    @classmethod
    def _prompt_is_known(cls, name: str) -> str:
        return get_preset(name).name

    @model_validator(mode="after")
    def _evaluation_has_problems(self) -> Self:
        if self.evaluation and self.evaluation.data is None and self.data.source != "pocket":
            raise ValueError(
                f"evaluation without data, and the training data's source is {self.data.source}; expected "
                "evaluation.data: only the pocket has a validation split of its own"
            )
        return self

    @model_validator(mode="after")
    def _some_step_is_kept(self) -> Self:
        if self.evaluation and self.evaluation.first_step_kept > self.train.num_steps:
            raise ValueError(
                f"evaluation.first_step_kept {self.evaluation.first_step_kept} with train.num_steps "
                f"{self.train.num_steps}; expected a step of the run"
            )
        return self

    @model_validator(mode="after")
    def _watched_is_measured(self) -> Self:
        if self.watch and self.watch.deception and (self.evaluation is None or self.imitates):
            lacking = "no evaluation" if self.evaluation is None else f"{self.algorithm.name}, which earns no reward"
            raise ValueError(
                f"watch.deception with {lacking}; expected an evaluation, and an algorithm that learns from attempts"
            )
        return self

    @model_validator(mode="after")
    def _length_is_punished_once(self) -> Self:
        algorithm = self.algorithm
        if self.reward.overlong and isinstance(algorithm, PolicyGradientSection) and algorithm.overlong:
            raise ValueError(
                "reward.overlong with algorithm.overlong, which are the same punishment; expected one: leave the other "
                "out"
            )
        return self

    @property
    def validation_data(self) -> DataConfig | None:
        """The problems that are sampled to evaluate, None where nothing is evaluated."""
        if self.evaluation is None or self.evaluation.data is not None:
            return self.evaluation.data if self.evaluation else None
        assert isinstance(self.data, PocketDataConfig), "checked above"
        return self.data.model_copy(update={"split": "validation", "num_problems": self.evaluation.num_problems})

    @property
    def imitates(self) -> bool:
        """Whether the run learns from demonstrations rather than from attempts."""
        return isinstance(self.algorithm, ImitationSection)
