"""The common part of mergekit's YAML, read as a merge of ours; what is outside that part is refused, never guessed.

Read: `models` (or `slices` with one slice of whole models), `merge_method`, `base_model`, `parameters` of the
document and of its models as plain numbers, `dtype`, `out_dtype`, `tokenizer_source: base`. Meanings are those of
mergekit 0.1.5 but for one: whatever `dtype` says, we compute in float32 and round once, at the end.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from synergy.config.load import Draft, Layer, build, draft, validate
from synergy.config.merge import MergeConfig
from synergy.config.resolve import resolved
from synergy.errors import InputError, nearest, unknown_name

_KEYS = ("models", "slices", "merge_method", "base_model", "parameters", "dtype", "out_dtype", "tokenizer_source")
_METHODS = ("linear", "slerp", "task_arithmetic", "ties", "dare_linear", "dare_ties")
_OF_MODELS = {"linear": ("weight",), "slerp": (), "task_arithmetic": ("weight",)}
_OF_DOCUMENT = {"linear": ("normalize",), "slerp": ("t",)}
_DELTA_SETTINGS = ("normalize", "lambda", "rescale", "int8_mask")


class _Input(NamedTuple):
    model: str
    parameters: Mapping[str, Any]


def load_merge(path: Path, overrides: Sequence[str] = ()) -> MergeConfig:
    """The merge in a file of ours or of mergekit's, told apart by `merge_method`; overrides name our fields.

    Raises FileError for a file that cannot be read, InputError for what is in it.
    """
    found = draft(path)
    if "merge_method" not in found.values:
        return validate(draft(path, overrides), MergeConfig)
    config = from_mergekit(found.values, str(path))
    return build(MergeConfig, resolved(config), overrides, label="--set") if overrides else config


def from_mergekit(values: Mapping[str, Any], label: str) -> MergeConfig:
    """The merge that a mergekit document describes; `label` names it in errors.

    Raises InputError for what is no such document, or outside the part that is read.
    """
    for key in values:
        if key not in _KEYS:
            raise InputError(
                f"{label}: '{key}' of mergekit's format is not read here{nearest(key, _KEYS)}; "
                f"expected only: {', '.join(_KEYS)}"
            )
    method = values.get("merge_method")
    if method not in _METHODS:
        raise _named(label, unknown_name("merge_method", str(method), _METHODS))
    base = _model(values["base_model"], "base_model", label) if values.get("base_model") is not None else None
    inputs, shared, num_layers = _inputs(values, label)
    shared = {**_mapping(values.get("parameters"), "parameters", label), **shared}
    inputs = [_Input(each.model, _with_defaults(each, shared, method)) for each in inputs]
    section = {"method": method, **_settings(shared, method, label), **_models(inputs, base, method, label)}
    result = {
        "kind": "merge",
        "merge": section,
        "files_from": base,
        "dtype": values.get("out_dtype") or values.get("dtype"),
        "num_layers": num_layers,
    }
    if values.get("tokenizer_source") not in (None, "base"):
        raise InputError(
            f"{label}: tokenizer_source is '{values['tokenizer_source']}'; expected base, as tokenizers are not merged"
        )
    return validate(Draft(path=Path(label), values=result, layers=(Layer(label=label, values=result),)), MergeConfig)


def _inputs(values: Mapping[str, Any], label: str) -> tuple[list[_Input], Mapping[str, Any], int | None]:
    """Models with their own parameters, the slice's parameters, and the layers that a slice says they have."""
    if ("models" in values) == ("slices" in values):
        raise InputError(f"{label}: expected either 'models' or 'slices'")
    if "models" in values:
        return (
            [_input(each, "models", ("model", "parameters"), label) for each in _list(values, "models", label)],
            {},
            None,
        )
    slices = _list(values, "slices", label)
    if len(slices) != 1 or not isinstance(slices[0], Mapping) or set(slices[0]) - {"sources", "parameters"}:
        raise InputError(f"{label}: 'slices' cut models up; expected one slice of sources and parameters, or 'models'")
    sources = _list(slices[0], "sources", label)
    inputs = [_input(each, "sources", ("model", "parameters", "layer_range"), label) for each in sources]
    ranges = [each.get("layer_range") for each in sources]
    last = ranges[0][1] if isinstance(ranges[0], list) and len(ranges[0]) == 2 else None
    if not isinstance(last, int) or any(each != [0, last] for each in ranges):
        raise InputError(
            f"{label}: layer_range is {' and '.join(map(str, ranges))}; expected [0, number of layers] for each "
            "source, as only whole models are merged"
        )
    return inputs, _mapping(slices[0].get("parameters"), "slices.0.parameters", label), last


def _input(each: Any, key: str, allowed: tuple[str, ...], label: str) -> _Input:
    if not isinstance(each, Mapping) or "model" not in each or set(each) - set(allowed):
        raise InputError(f"{label}: an item of '{key}' is {each!r}; expected a mapping of {', '.join(allowed)}")
    return _Input(_model(each["model"], key, label), _mapping(each.get("parameters"), f"{key}.parameters", label))


def _model(name: Any, key: str, label: str) -> str:
    if not isinstance(name, str) or "+" in name:
        raise InputError(
            f"{label}: a model of '{key}' is {name!r}; expected a folder or a hub name as text, and no adapter (a+b): "
            "merge the adapter into its model first"
        )
    return name


def _with_defaults(each: _Input, shared: Mapping[str, Any], method: str) -> dict[str, Any]:
    """A model's parameters, those of the document filled in."""
    names = _OF_MODELS.get(method, ("weight", "density"))
    return {**{name: shared[name] for name in names if name in shared}, **each.parameters}


def _settings(shared: Mapping[str, Any], method: str, label: str) -> dict[str, Any]:
    """The document's parameters under our names."""
    known = (*_OF_DOCUMENT.get(method, _DELTA_SETTINGS), *_OF_MODELS.get(method, ("weight", "density")))
    _check_names(shared, known, method, label)
    found = {name: value for name, value in shared.items() if name in ("normalize", "t")}
    if "lambda" in shared:
        found["scale"] = shared["lambda"]
    if method.startswith("dare"):
        found["rescale"] = "l1_norm" if shared.get("rescale", True) else "none"
    elif shared.get("rescale"):
        raise InputError(f"{label}: 'rescale' with {method} is not built; expected false, its default")
    return found  # int8_mask saves memory in mergekit and changes no result


def _models(inputs: list[_Input], base: str | None, method: str, label: str) -> dict[str, Any]:
    """The models of a section, the base where the method wants it."""
    for each in inputs:
        is_base = each.model == base and method not in ("linear", "slerp")  # whose parameters mean nothing
        if not is_base:
            _check_names(each.parameters, _OF_MODELS.get(method, ("weight", "density")), method, label)
    names = [each.model for each in inputs]
    if method == "linear":
        if base is not None and base not in names:
            raise InputError(
                f"{label}: base_model '{base}' has no weight, as it is not among the models; expected it there, "
                "since mergekit's linear merge averages it too: add it, or leave base_model out"
            )
        return {"models": [{"model": each.model, **each.parameters} for each in inputs]}
    if base is None:
        raise InputError(f"{label}: missing key 'base_model', which {method} needs; add it")
    others = [each for each in inputs if each.model != base]
    if method != "slerp":
        return {"base_model": base, "models": [{"model": each.model, **each.parameters} for each in others]}
    if len(others) != 1 or len(inputs) > 2:
        raise InputError(
            f"{label}: slerp of {', '.join(names)} with base_model '{base}'; expected the base and one other"
        )
    return {"base_model": base, "other_model": others[0].model}


def _check_names(parameters: Mapping[str, Any], known: Sequence[str], method: str, label: str) -> None:
    """Raise InputError for a parameter that the method does not have, and for values by layer or filter."""
    for name, value in parameters.items():
        if name not in known:
            raise _named(label, unknown_name(f"parameter of {method}", name, known or ("none",)))
        if isinstance(value, (list, Mapping)):
            raise InputError(
                f"{label}: parameter '{name}' is {value!r}, which changes by layer or filter; expected one value for "
                "all: such merges need mergekit itself"
            )


def _mapping(value: Any, key: str, label: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InputError(f"{label}: '{key}' is {value!r}; expected a mapping")
    return value


def _list(values: Mapping[str, Any], key: str, label: str) -> list[Any]:
    value = values.get(key)
    if not isinstance(value, list) or not value:
        raise InputError(f"{label}: '{key}' is {value!r}; expected a list")
    return value


def _named(label: str, error: InputError) -> InputError:
    return InputError(f"{label}: {error}")
