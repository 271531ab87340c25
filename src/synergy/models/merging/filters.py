"""Which tensors are merged, and from where the others are taken."""

import re
from collections.abc import Iterable, Mapping, Sequence

from synergy.config.merge import KeepConfig
from synergy.errors import InputError


def kept_from(names: Mapping[str, str], rules: Sequence[KeepConfig]) -> dict[str, str]:
    """Of canonical names (with the files' spelling) those that a rule keeps, with the checkpoint they are taken from.

    A rule may mean either spelling; the first that fits counts. Raises InputError for a rule that fits no name.
    """
    for rule in rules:
        if not any(_fits(rule, key, name) for key, name in names.items()):
            raise InputError(
                f"keep: no tensor's name {_said(rule)}; expected one such as {', '.join(_beginnings(names.values()))}"
            )
    found = {key: next((rule for rule in rules if _fits(rule, key, name)), None) for key, name in names.items()}
    return {key: rule.source for key, rule in found.items() if rule is not None}


def _fits(rule: KeepConfig, key: str, name: str) -> bool:
    if rule.prefix is not None:
        return key.startswith(rule.prefix) or name.startswith(rule.prefix)
    assert rule.regex is not None, "one of both, by the config's check"
    return re.search(rule.regex, key) is not None or re.search(rule.regex, name) is not None


def _said(rule: KeepConfig) -> str:
    return f"begins with '{rule.prefix}'" if rule.prefix is not None else f"has '{rule.regex}' in it"


def _beginnings(names: Iterable[str]) -> list[str]:
    """The first two parts of names, each once, at most six."""
    return list(dict.fromkeys(".".join(name.split(".")[:2]) for name in names))[:6]
