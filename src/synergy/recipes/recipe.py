"""What a recipe is given and what it returns.

A recipe is a function of an `Arm`: it asks for steps by stage and says which of them make the arm's model. It knows
nothing about folders, displays or what other arms do; equal steps are found by their keys.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from synergy.config.choose import ChooseConfig
from synergy.config.data import FileDataConfig
from synergy.config.distil import DistilConfig
from synergy.config.merge import MergeConfig
from synergy.config.model import ModelConfig
from synergy.errors import InputError, unknown_name
from synergy.evaluation.training_table import TRACE_COLUMN
from synergy.recipes.settings import BASE, ArmSettings
from synergy.recipes.step import STEP, STEP_DATA, STEP_MODEL, STEP_VALIDATION, Step

BASE_SEED = 0


@dataclass(frozen=True, kw_only=True, eq=False)
class Made:
    """One model that a recipe makes."""

    stages: Mapping[str, Step]  #: its steps by stage, in order; the last one makes the model; none for the base model
    suffix: str = ""  #: for further models of the arm that only feed a curve: "@0.25"
    checkpoint: str | None = None  #: a tuned model that is given, where no step makes one
    recipe: str | None = None  #: the recipe that it is said to have been made by, None for the arm's own

    @property
    def model(self) -> Step | None:
        """The step whose model this is, None for the base model."""
        return list(self.stages.values())[-1] if self.stages else None


class Arm:
    """One arm with one seed in one cell of the axes."""

    def __init__(self, settings: ArmSettings, seed: int) -> None:
        self.settings = settings
        self.seed = seed
        self.name = settings.arm
        self._options = dict(settings.config.options)
        self._trained: set[str] = set()  # stages that `train` was asked for

    def option(self, name: str, default: Any) -> Any:
        """A value of `options`, each asked for once; raises InputError in `check_options` for what nobody asked for."""
        return self._options.pop(name, default)

    def choice(self, name: str, default: str, expected: Sequence[str]) -> str:
        """An option that is one of several words; raises InputError for another."""
        value = str(self.option(name, default))
        if value not in expected:
            raise unknown_name(f"value of option {name} of arm {self.name}:", value, expected)
        return value

    def check_options(self) -> None:
        """Raise InputError for an option that the recipe does not know, or a choice for a stage that the arm lacks."""
        if self._options:
            name = next(iter(self._options))
            raise InputError(
                f"arm {self.name}: recipe {self.settings.config.recipe} knows no option '{name}'; expected one of "
                "those in its docstring"
            )
        unused = set() if isinstance(self._choosing, str) else set(self._choosing) - self._trained
        if unused:
            raise unknown_name(f"stage in option choose of arm {self.name}:", min(unused), self._trained)

    def model_config(self, checkpoint: str | None) -> ModelConfig:
        """The study's model section, with another checkpoint where one is given; nothing of it is trained."""
        values = dict(self.settings.stage("common").get("model", {}))
        values |= {"freeze": [], "lora": None}
        values |= {} if checkpoint is None else {"checkpoint": checkpoint}
        return self.settings.read(ModelConfig, values, "common.model")

    @cached_property
    def base(self) -> Step | None:
        """What makes the base model of `common.model`, where the study has a stage `base`: no arm's doing, so it has
        one seed for all."""
        if BASE not in self.settings.study.stages:
            return None
        config = self.settings.train(BASE, BASE_SEED)
        return Step(kind="train", name="base model", config=config, stage=BASE)

    def train(self, stage: str, *, model: Step | None = None, data: Step | None = None) -> Step:
        """Train as a stage says, from another step's model or data where they are given.

        Else the data is what `choose` or `traces` makes of the study's, where the arm or the study asks for that. What
        the data's step held out is what is validated on.
        """
        self._trained.add(stage)
        model = model or self.base
        data = data or self._own_data(stage)
        config = self.settings.train(stage, self.seed)
        changes: dict[str, Any] = {}
        inputs: dict[str, Step] = {}
        if model is not None:
            inputs["model"] = model
            changes["model"] = config.model.model_copy(update={"checkpoint": STEP_MODEL})
        if data is not None:
            inputs["data"] = data
            if config.evaluation is not None:  # of the data that another step's stand in for
                held_out = isinstance(data.config, DistilConfig) and data.config.validation_share > 0
                validation = _step_table(STEP_VALIDATION) if held_out else config.validation_data
                changes["evaluation"] = config.evaluation.model_copy(update={"data": validation})
            changes["data"] = _step_table(STEP_DATA)
        config = config.model_copy(update=changes)
        return Step(kind="train", name=self._named(stage), config=config, inputs=inputs, stage=stage)

    def distil(self, stage: str, *, model: Step | None) -> Step:
        """Sample a model on the training problems and keep what is right, as a stage says.

        Without a step's model it is that of the stage's own `model.checkpoint`: a teacher.
        """
        values, inputs = self._asking(stage, model)
        values = {**values, "response": {**self._response(), **values.get("response", {})}, "kind": "distil"}
        config = self.settings.read(DistilConfig, values, stage)
        return Step(kind="distil", name=self._named(stage), config=config, inputs=inputs, stage=stage)

    def own_traces(self) -> dict[str, Step]:
        """By stage, what the model that is to be trained answers rightly itself, where the arm's option `own_traces`
        names the stage that says how it is asked; nothing without the option."""
        stage = str(self.option("own_traces", ""))
        return {stage: self.distil(stage, model=None)} if stage else {}

    def _own_data(self, stage: str) -> Step | None:
        chosen, taught = self._chosen(stage), self._taught
        if chosen and taught:
            raise InputError(f"arm {self.name}: option choose with traces by a teacher; expected one of them")
        return chosen or taught

    @cached_property
    def _taught(self) -> Step | None:
        """The training problems with a teacher's traces, where the study's stage `traces` is by one."""
        if "traces" not in self.settings.study.stages or self.settings.stage("traces").get("by") != "teacher":
            return None
        return self.distil("traces", model=None)

    @cached_property
    def _choosing(self) -> Mapping[str, str] | str:
        """The option `choose`: the stage that says which problems all trainings have, or one for each stage named."""
        found = self.option("choose", "")
        return {str(stage): str(name) for stage, name in found.items()} if isinstance(found, Mapping) else str(found)

    def _chosen(self, stage: str) -> Step | None:
        """Some of the training problems, where the arm's option `choose` names the stage that says which."""
        choosing = self._choosing if isinstance(self._choosing, str) else self._choosing.get(stage, "")
        if not choosing:
            return None
        values, inputs = self._asking(choosing, None)
        rule = dict(values.pop("rule", {}))
        if rule.get("by") in ("pass_count", "difficulty", "blind"):
            rule["response"] = {**self._response(), **rule.get("response", {})}
        config = self.settings.read(ChooseConfig, {**values, "rule": rule, "kind": "choose"}, choosing)
        return Step(kind="choose", name=self._named(choosing), config=config, inputs=inputs, stage=choosing)

    def _asking(self, stage: str, model: Step | None) -> tuple[dict[str, Any], dict[str, Step]]:
        """Who is asked what in a stage that asks a model about the training problems, and the steps it needs.

        The model is another step's, the stage's own, or the base model.
        """
        common, own = self.settings.stage("common"), self.settings.stage(stage)
        own.pop("by", None)
        own_model = dict(own.pop("model", {}))
        asked = model or (None if "checkpoint" in own_model else self.base)
        section = self.model_config(STEP_MODEL if asked else None).model_dump(mode="json") | own_model
        shared = {"model": section, "prompt": common["prompt"], "seed": self.seed}
        return {**shared, **own, "data": self.settings.data(stage)}, {"model": asked} if asked else {}

    def _response(self) -> dict[str, Any]:
        sampled = self.settings.stage("common").get("sampling", {})
        return {name: sampled[name] for name in ("temperature", "top_p", "top_k", "max_tokens") if name in sampled}

    def merge(
        self,
        method: str,
        weights: Mapping[str, float],
        parameters: Mapping[str, Any],
        models: Mapping[str, Step | str],
    ) -> Step:
        """Merge models by role with these weights; `parameters` are further ones of the method.

        A model is another step's, or a checkpoint that is given. With slerp the first weight's model is the arc's far
        end. Methods of differences start from the study's base.
        """
        if self.base is not None and method not in ("linear", "slerp"):
            models = {**models, BASE: self.base}
        named = {role: model if isinstance(model, str) else f"{STEP}{role}" for role, model in models.items()}
        first, *others = weights
        if method == "slerp":
            section = {"base_model": named[others[0]], "other_model": named[first], "t": weights[first]}
        else:
            section = {"models": [{"model": named[role], "weight": weight} for role, weight in weights.items()]}
            section |= {} if method == "linear" else {"base_model": named.get(BASE, self.model_config(None).checkpoint)}
        values = {"merge": {"method": method, **section, **parameters}}
        config = self.settings.read(MergeConfig, values, "merge")
        steps = {role: model for role, model in models.items() if isinstance(model, Step)}
        return Step(kind="merge", name=self._named("merge"), config=config, inputs=steps, stage="merge")

    def _named(self, stage: str) -> str:
        return f"{self.name}/{stage}, seed {self.seed}"


def _step_table(path: Path) -> FileDataConfig:
    return FileDataConfig(source="file", path=path, trace_column=TRACE_COLUMN)


Recipe = Callable[[Arm], Sequence[Made]]
