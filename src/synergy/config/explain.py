"""Turn pydantic's validation errors into one line: what, where, got, expected, nearest. Reads no files."""

import re
import types
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from synergy.config.base import Config
from synergy.errors import InputError, nearest

_SHOWN_CHARACTERS = 60


def explain(error: ValidationError, cls: type[Config], origin: Callable[[tuple[str, ...]], str]) -> InputError:
    """The first problem as an InputError; `origin` says which file or override gave the value at a path.

    Unknown keys come first: a misspelt key is also a missing one, and the misspelling is what to mend.
    """
    details = sorted(error.errors(include_url=False), key=lambda detail: detail["type"] != "extra_forbidden")
    path, owner = _locate(cls, details[0]["loc"])
    if details[0]["type"] == "missing" and get_origin(owner) is tuple:
        path = path[:-1]  # the fault is the tuple's length
    others = len(details) - 1
    more = f" (and {others} more problem{'s' if others > 1 else ''})" if others else ""
    return InputError(f"{origin(path)}: {_sentence(details[0], path, owner)}{more}")


def _sentence(detail: ErrorDetails, path: tuple[str, ...], owner: Any) -> str:
    context: Mapping[str, Any] = detail.get("ctx", {})
    dotted, got = ".".join(path), _shown(detail["input"])
    match detail["type"]:
        case "extra_forbidden":
            names = list(_fields(owner))
            return f"unknown key '{dotted}'{nearest(path[-1], names)}; expected one of: {', '.join(names)}"
        case "missing" if get_origin(owner) is tuple:
            return f"'{dotted}' has too few items; expected {len(get_args(owner))}"
        case "missing":
            return f"missing key '{dotted}'{_description(owner, path[-1])}; add it"
        case "union_tag_not_found":
            return f"missing key '{dotted}.{_quoted(context['discriminator'])[0]}', which says the kind; add it"
        case "union_tag_invalid":
            tag, expected = str(context["tag"]), context["expected_tags"]
            key = f"{dotted}.{_quoted(context['discriminator'])[0]}"
            return f"'{key}' is '{tag}'{nearest(tag, _quoted(expected))}; expected one of: {expected}"
        case "literal_error" | "enum":
            hint = nearest(str(detail["input"]), _quoted(context["expected"]))
            return f"'{dotted}' is {got}{hint}; expected {context['expected']}"
        case "value_error":  # a validator of ours: its text says got and expected
            return f"'{dotted}': {context['error']}" if path else str(context["error"])
    message = detail["msg"]  # such as "Input should be a valid integer"
    expected = message.removeprefix("Input should be ")
    return f"'{dotted}' is {got}" + (f": {message}" if expected == message else f"; expected {expected}")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def _quoted(text: str) -> list[str]:
    return re.findall(r"'([^']*)'", text)


def _description(owner: Any, name: str) -> str:
    field = _fields(owner).get(name)
    return f" ({' '.join(field.description.split())})" if field and field.description else ""


def _locate(cls: type[Config], loc: tuple[int | str, ...]) -> tuple[tuple[str, ...], Any]:
    """The path that a person would write for pydantic's `loc`, and the section the last name stands in.

    In a `loc`, the member of a union and `[key]` are steps too; a person writes neither.
    """
    path: list[str] = []
    owner: Any = None
    annotation: Any = cls
    for step in loc:
        members = _members(annotation)
        if len(members) > 1:
            annotation = next((member for member in members if _is_labelled(member, step)), None)
            continue
        if step == "[key]":
            continue
        path.append(str(step))
        owner = members[0] if members else None
        annotation = _inside(owner, step)
    return tuple(path), owner


def _members(annotation: Any) -> list[Any]:
    """The types an annotation may stand for, `None` apart."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        return [found for member in get_args(annotation) if member is not type(None) for found in _members(member)]
    return [annotation]


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Config)


def _fields(owner: Any) -> dict[str, FieldInfo]:
    """A section's fields; none where a union of other things leaves open which section was meant."""
    return owner.model_fields if _is_section(owner) else {}


def _is_labelled(member: Any, label: int | str) -> bool:
    """Whether a union's `member` is the one pydantic calls `label`: by a discriminator's value or by name."""
    if not _is_section(member):
        return False
    tags = [tag for field in member.model_fields.values() for tag in get_args(field.annotation)]
    # A section with a validator is called "function-after[…, Name]".
    return label == member.__name__ or str(label).endswith(f", {member.__name__}]") or label in tags


def _inside(owner: Any, step: int | str) -> Any:
    """The annotation of a section's field, a list's item or a mapping's value."""
    if _is_section(owner):
        field = _fields(owner).get(str(step))
        return field.annotation if field else None
    arguments = get_args(owner)
    if get_origin(owner) is tuple and len(arguments) > 1 and arguments[1] is not ...:
        return arguments[int(step)] if int(step) < len(arguments) else None
    return arguments[-1] if arguments and arguments[-1] is not ... else (arguments[0] if arguments else None)
