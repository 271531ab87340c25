"""Read one YAML or JSON file into plain dicts, lists, texts and numbers. Knows nothing about any schema.

YAML is read by the core schema of YAML 1.2: `1e-3` is a number, `no` a text, a key is always a text.
(PyYAML's own 1.1 rules read these as a text, a truth value and, for a key `1`, a number.)
"""

import json
import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from synergy.errors import FileError, InputError

_TAG = "tag:yaml.org,2002:"
_SCALARS = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?(?:0|[1-9][0-9_]*)", list("-+0123456789")),
    "float": (
        r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
}


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the core schema's scalars, text keys, and no key twice."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - the name and kind that PyYAML reads
    yaml_constructors = {  # noqa: RUF012
        tag: yaml.SafeLoader.yaml_constructors[tag]
        for tag in [None, *(_TAG + name for name in ("null", "bool", "int", "float", "str", "seq", "map"))]
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        first_lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key is no text", problem_mark=key.start_mark)
            if key.value in first_lines:
                problem = f"key '{key.value}' was given on line {first_lines[key.value]} already; keep one of them"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=key.start_mark)
            first_lines[key.value] = key.start_mark.line + 1
            key.tag = _TAG + "str"
        return super().construct_mapping(node, deep)


for _name, (_pattern, _first) in _SCALARS.items():
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(rf"^(?:{_pattern})$"), _first)


def parse_yaml(text: str, label: str) -> Any:
    """The value that a YAML text stands for; an InputError says `label` and the line."""
    try:
        value = yaml.load(text, _Loader)
        json.dumps(value)  # an alias to its own parent is valid YAML and no config
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InputError(f"{label}{line}: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"{label}: {str(error).splitlines()[0]}; expected YAML") from None
    except RecursionError:
        raise InputError(f"{label}: nested too deeply to read; expected a config of a few levels") from None
    return value


def _parse_json(text: str, label: str) -> Any:
    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        for key in keys:
            if keys.count(key) > 1:
                raise InputError(f"{label}: key '{key}' is given twice in one mapping; keep one of them")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=mapping)
    except json.JSONDecodeError as error:
        raise InputError(f"{label}, line {error.lineno}: {error.msg}; expected JSON") from None
    except RecursionError:
        raise InputError(f"{label}: nested too deeply to read; expected a config of a few levels") from None


def read_document(path: Path) -> dict[str, Any]:
    """The mapping in a file: JSON where its name ends in .json, else YAML."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise FileError(f"{path}: no such file; expected a YAML or JSON config") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text file (byte {error.start} is no UTF-8); expected YAML or JSON") from None
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror}); expected a YAML or JSON config") from None
    value = (_parse_json if path.suffix == ".json" else parse_yaml)(text, str(path))
    if not isinstance(value, dict):
        got = "nothing" if value is None else f"a {type(value).__name__}"
        raise InputError(f"{path}: holds {got}; expected a mapping of config keys to values")
    return value
