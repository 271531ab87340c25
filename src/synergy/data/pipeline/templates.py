"""Prompts as Jinja templates with the blocks system and user, in a sandbox; what they use is checked when opened."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from synergy.errors import FileError, InputError, nearest

_BLOCKS = ("system", "user")
#: a prompt is plain text: nothing is escaped
_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


class PromptTemplate:
    """One step's prompt."""

    def __init__(self, label: str, text: str, fields: Sequence[str]) -> None:
        """`fields` are the names that it may use; raises InputError for others and for what is no template."""
        self.label, self.text = label, text
        try:
            used = find_undeclared_variables(_ENVIRONMENT.parse(text))
            self._template: Template = _ENVIRONMENT.from_string(text)
        except TemplateSyntaxError as error:
            raise InputError(
                f"template {label}, line {error.lineno}: {error.message}; expected a Jinja template"
            ) from None
        unknown = sorted(used - set(fields))
        if unknown:
            raise InputError(
                f"template {label}: unknown field '{unknown[0]}'{nearest(unknown[0], fields)}; it may use: "
                f"{', '.join(fields)}"
            )
        missing = [name for name in _BLOCKS if name not in self._template.blocks]
        if missing:
            raise InputError(
                f"template {label}: no block {missing[0]}; expected the blocks system and user, as in "
                "{% block user %}{{ question }}{% endblock %}"
            )
        self.used = frozenset(used)

    def render(self, values: Mapping[str, Any]) -> tuple[str, str]:
        """The system and the user turn; raises InputError where the template does what the sandbox forbids."""
        try:
            system, user = (self._block(name, values) for name in _BLOCKS)
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            text = " ".join(str(error).split())
            raise InputError(f"template {self.label}: cannot be filled in ({text}); expected one that can") from None
        return system, user

    def _block(self, name: str, values: Mapping[str, Any]) -> str:
        context = self._template.new_context(dict(values))
        return "".join(self._template.blocks[name](context)).strip()


def open_template(step: str, path: Path | None, fields: Sequence[str]) -> PromptTemplate:
    """A user's template, or the shipped one for that kind of step; raises FileError and InputError."""
    if path is None:
        text = (files("synergy.data.pipeline") / "templates" / f"{step}.jinja").read_text(encoding="utf-8")
        return PromptTemplate(f"{step}.jinja", text, fields)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror or error}); expected a Jinja template") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: no UTF-8 text; expected a Jinja template") from None
    return PromptTemplate(str(path), text, fields)
