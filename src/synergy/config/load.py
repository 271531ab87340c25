"""From a config file to a config: `extends`, `--set` overrides, one validation that says where a fault is.

A file may start from others by `extends: other.yaml` (or a list, later ones win): paths relative to the file, or names
of shipped documents. Their mappings merge key by key, all else is replaced. An override replaces the value at its path.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import to_json

from synergy.config.base import Config
from synergy.config.documents import parse_yaml, read_document
from synergy.config.explain import explain
from synergy.config.shipped_files import PROTOCOLS
from synergy.errors import InputError

C = TypeVar("C", bound=Config)


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One source of values: a file or an override."""

    label: str  #: how an error names it: the file's path or `--set a.b=value`
    values: Mapping[str, Any]

    def gives(self, path: tuple[str, ...]) -> bool:
        """Whether this layer has a value at `path`, one name per level (an index counts as a name)."""
        value: Any = self.values
        for name in path:
            if isinstance(value, list):
                value = {str(i): item for i, item in enumerate(value)}
            if not isinstance(value, Mapping) or name not in value:
                return False
            value = value[name]
        return True


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A merged document before validation, with the layers it came from, the strongest last."""

    path: Path
    values: Mapping[str, Any]
    layers: tuple[Layer, ...]

    def origin(self, path: tuple[str, ...]) -> str:
        """The label of the strongest layer that gives `path`; the file itself where none does."""
        return next((layer.label for layer in reversed(self.layers) if layer.gives(path)), str(self.path))


def _file_layers(path: Path, chain: tuple[Path, ...]) -> list[Layer]:
    """The layers of a file: those it extends, then its own; `chain` holds the files that led here."""
    if path.resolve() in [seen.resolve() for seen in chain]:
        cycle = " -> ".join(str(seen) for seen in (*chain, path))
        raise InputError(f"{chain[-1]}: 'extends' runs in a circle, {cycle}; remove one of them")
    values = read_document(path)
    extended = values.pop("extends", [])
    names = [extended] if isinstance(extended, str) else extended
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(f"{path}: 'extends' is {extended!r}; expected a file name or a list of file names")
    layers = [layer for name in names for layer in _file_layers(_extended(path, name), (*chain, path))]
    return [*layers, Layer(label=str(path), values=values)]


def _extended(path: Path, name: str) -> Path:
    """The file that `extends` means: one beside `path`, else the shipped document of that name."""
    beside = path.parent / name
    return beside if beside.exists() else PROTOCOLS.get(name, beside)


def _merge(base: Any, over: Any) -> Any:
    """`over` on top of `base`, neither changed."""
    if not isinstance(base, Mapping) or not isinstance(over, Mapping):
        return over
    return {**base, **{key: _merge(base.get(key), value) for key, value in over.items()}}


@dataclass(frozen=True, kw_only=True)
class _Override:
    """`a.b=value`: put that value there, whatever stood there before."""

    label: str
    names: list[str]
    value: Any

    @classmethod
    def parse(cls, text: str, option: str = "--set") -> "_Override":
        label = f"{option} {text}"
        dotted, equals, value = text.partition("=")
        names = dotted.strip().split(".")
        if not equals or not all(names):
            raise InputError(f"{label}: not an override; expected PATH=VALUE, such as seed=1 or model.depth=4")
        return cls(label=label, names=names, value=parse_yaml(value, label))

    def layer(self) -> Layer:
        """As a document that holds this value alone."""
        return Layer(label=self.label, values=_assign({}, self.names, self.value))


def _assign(base: Any, names: Sequence[str], value: Any) -> Any:
    """`base` with `value` at the path `names`; a name may be the index of a list's item."""
    if not names:
        return value
    name, *inner = names
    if isinstance(base, list) and name in map(str, range(len(base))):
        i = int(name)
        return [*base[:i], _assign(base[i], inner, value), *base[i + 1 :]]
    mapping = base if isinstance(base, Mapping) else {}
    return {**mapping, name: _assign(mapping.get(name), inner, value)}


def draft(path: Path, overrides: Sequence[str] = ()) -> Draft:
    """Read a file, what it extends, and the overrides on top; later overrides win."""
    files = _file_layers(path, ())
    values: Any = {}
    for file in files:
        values = _merge(values, file.values)
    changes = [_Override.parse(text) for text in overrides]
    for change in changes:
        values = _assign(values, change.names, change.value)
    return Draft(path=path, values=values, layers=(*files, *(change.layer() for change in changes)))


def build(cls: type[C], values: Mapping[str, Any], overrides: Sequence[str] = (), *, label: str) -> C:
    """A section of class `cls` from values that no file holds, with overrides on top; `label` is the option of both."""
    changes = [_Override.parse(text, label) for text in overrides]
    merged: Any = dict(values)
    for change in changes:
        merged = _assign(merged, change.names, change.value)
    layers = (Layer(label=label, values=values), *(change.layer() for change in changes))
    return validate(Draft(path=Path(label), values=merged, layers=layers), cls)


def validate(draft: Draft, cls: type[C]) -> C:
    """The config that a draft describes; raises InputError naming path, origin, got and expected."""
    try:
        # Through JSON because pydantic's strict mode then takes what a file can say: a list for a tuple.
        return cls.model_validate_json(to_json(cls.completed(draft.values)))
    except ValidationError as error:
        raise explain(error, cls, draft.origin) from None


def load(path: Path, cls: type[C], overrides: Sequence[str] = ()) -> C:
    """The config of class `cls` in a YAML or resolved JSON file, with `overrides` such as `"train.seed=1"`.

    Raises FileError for a file that cannot be read, InputError for what is in it; both are one line.
    """
    return validate(draft(path, overrides), cls)
