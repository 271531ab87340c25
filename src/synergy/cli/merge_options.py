"""From the options of `synergy merge` to a merge's document."""

from dataclasses import dataclass
from typing import Any

import click

METHODS = ("linear", "slerp", "ties", "dare_linear", "dare_ties", "task_arithmetic")


@dataclass(frozen=True, kw_only=True)
class MergeOptions:
    """The options that stand for a config file."""

    method: str | None
    models: tuple[str, ...]
    base: str | None
    t: float | None
    density: float | None
    scale: float | None
    seed: int | None
    normalize: bool | None
    keep: tuple[str, ...]
    dtype: str | None

    @property
    def given(self) -> bool:
        """Whether any option is."""
        single = (self.method, self.base, self.t, self.density, self.scale, self.seed, self.normalize, self.dtype)
        return bool(self.models or self.keep or any(each is not None for each in single))

    def document(self) -> dict[str, Any]:
        """The same as a file's values; what does not fit the method is refused when it is validated."""
        assert self.method is not None, "checked by the command"
        found: dict[str, Any] = {"kind": "merge", "merge": self._section()}
        found["keep"] = [_keep(each) for each in self.keep]
        if self.dtype is not None:
            found["dtype"] = self.dtype
        if self.base is not None and self.method == "linear":
            found["files_from"] = self.base  # all that a base is to a mean
        return found

    def _section(self) -> dict[str, Any]:
        settings = {"t": self.t, "scale": self.scale, "seed": self.seed, "normalize": self.normalize}
        section: dict[str, Any] = {"method": self.method}
        section |= {name: value for name, value in settings.items() if value is not None}
        if self.base is not None and self.method != "linear":
            section["base_model"] = self.base
        if self.method == "slerp":
            if len(self.models) != 1 or self.base is None:
                raise click.UsageError("slerp: expected --base (t = 0), one --model (t = 1) and --t")
            return {**section, "other_model": self.models[0]}
        extra = {} if self.density is None else {"density": self.density}
        return {**section, "models": [{**_weighted(each), **extra} for each in self.models]}


def _weighted(text: str) -> dict[str, Any]:
    model, _, weight = text.rpartition("=")
    try:
        return {"model": model, "weight": float(weight)} if model else _refuse(text)
    except ValueError:
        return _refuse(text)


def _refuse(text: str) -> dict[str, Any]:
    raise click.UsageError(f"--model {text}: expected MODEL=WEIGHT, such as runs/rl/model=0.75")


def _keep(text: str) -> dict[str, str]:
    prefix, _, source = text.partition("=")
    if not prefix or not source:
        raise click.UsageError(f"--keep {text}: expected PREFIX=MODEL, such as visual.=runs/rl/model")
    return {"prefix": prefix, "source": source}
