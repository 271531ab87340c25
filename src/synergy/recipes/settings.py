"""A stage's settings as an arm has them: the study's, laid one on another, and a train document in the end."""

from collections.abc import Mapping
from functools import reduce
from typing import Any, TypeVar

from synergy.config.base import Config
from synergy.config.load import build
from synergy.config.study import ArmConfig, AxisValue, StudyConfig
from synergy.config.train import TrainConfig
from synergy.errors import InputError, unknown_name

COMMON = "common"
BASE = "base"  #: the stage that makes the base model, where a study has it
C = TypeVar("C", bound=Config)


class ArmSettings:
    """What one arm's stages say in one cell of the axes."""

    def __init__(self, study: StudyConfig, arm: str, cell: Mapping[str, AxisValue]) -> None:
        self.study = study
        self.arm = arm
        self.config: ArmConfig = study.arms[arm]
        self.cell = cell

    def stage(self, name: str) -> dict[str, Any]:
        """The raw values of a stage; raises InputError for one that the study has not."""
        found = self._of_study(name, ())
        return _over(found, self.config.stages.get(name, {}))

    def train(self, name: str, seed: int) -> TrainConfig:
        """The stage as a train document with that seed; raises InputError naming study, arm and stage."""
        layers = [self.stage(COMMON), self.stage(name)]
        if self.study.data is not None:
            validates = any((layer.get("evaluation") or {}).get("data") is not None for layer in layers)
            shared = {"data": self.study.data, **({"evaluation": {"data": self.study.data}} if validates else {})}
            layers.insert(0, shared)
        values = reduce(_over, layers)
        return self.read(TrainConfig, {**values, "kind": "train", "seed": seed}, name)

    def data(self, name: str) -> dict[str, Any]:
        """The training problems of a stage that asks a model about them: its own on top of common's and the study's."""
        shared = {"data": self.study.data} if self.study.data is not None else {}
        layers = [{"data": layer["data"]} for layer in (self.stage(COMMON), self.stage(name)) if "data" in layer]
        return reduce(_over, layers, shared).get("data", {})

    def read(self, cls: type[C], values: Mapping[str, Any], name: str) -> C:
        """Values as a config of that class; raises InputError naming study, arm and stage."""
        return build(cls, values, label=f"study {self.study.name}, arm {self.arm}, stage {name}")

    def differences(self) -> dict[str, Any]:
        """Paths and values that this arm has of its own: recipe, options, and what it changes in stages."""
        found: dict[str, Any] = {"recipe": self.config.recipe}
        found |= {f"options.{name}": value for name, value in self.config.options.items()}
        for stage, values in self.config.stages.items():
            found |= {path: value for path, value in _leaves(values, stage)}
        return found

    def _of_study(self, name: str, chain: tuple[str, ...]) -> dict[str, Any]:
        if name not in self.study.stages:
            raise unknown_name(f"stage of study {self.study.name}", name, self.study.stages)
        if name in chain:
            raise InputError(f"study {self.study.name}: stages extend in a circle, {' -> '.join((*chain, name))}")
        values: dict[str, Any] = dict(self.study.stages[name])
        base = values.pop("extends", None)
        found = _over(self._of_study(str(base), (*chain, name)), values) if base is not None else values
        for value in self.cell.values():
            found = _over(found, value.stages.get(name, {}))
        return found


def check_varies(study: StudyConfig) -> None:
    """Raise InputError where arms differ in what the study does not name in `varies`, with the differences."""
    arms = {name: ArmSettings(study, name, {}).differences() for name in study.arms}
    recipes = {config.recipe for config in study.arms.values()}
    allowed = set(study.varies)
    wrong: list[str] = []
    if len(recipes) > 1 and "recipe" not in allowed:
        wrong.append(f"recipe: {', '.join(sorted(recipes))}")
    for arm, found in arms.items():
        for path, value in found.items():
            if path != "recipe" and not path.startswith("options.") and not _is_covered(path, allowed):
                wrong.append(f"{path}: {value!r} in arm {arm}")
    if wrong:
        raise InputError(
            f"study {study.name}: its arms differ where varies does not allow it ({'; '.join(wrong[:5])}"
            f"{f' and {len(wrong) - 5} more' if len(wrong) > 5 else ''}); expected equal settings: name these paths in "
            "varies, or take them out of the arms"
        )


def _is_covered(path: str, allowed: set[str]) -> bool:
    return any(path == name or path.startswith(f"{name}.") for name in allowed)


def _leaves(values: Mapping[str, Any], path: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in values.items():
        inner = f"{path}.{name}"
        found += _leaves(value, inner) if isinstance(value, Mapping) else [(inner, value)]
    return found


def _over(base: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` on top of `base`, mapping by mapping; a section that changes its kind is replaced as a whole."""
    merged = dict(base)
    for key, value in values.items():
        below = merged.get(key)
        both = isinstance(value, Mapping) and isinstance(below, Mapping)
        merged[key] = _over(below, value) if both and not _is_other_kind(below, value) else value
    return merged


def _is_other_kind(below: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    """Whether a section that is told apart by a word (algorithm.name, data.source) becomes another."""
    return any(word in value and word in below and value[word] != below[word] for word in ("name", "source", "method"))
