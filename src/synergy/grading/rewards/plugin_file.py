"""A function from a Python file of a user's own, and what can be wrong with it, said in one line."""

import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any

from synergy.errors import FileError, InputError

Function = Callable[..., Any]

_SHOWN_CHARACTERS = 300
_REWARD = "reward function"


def load_function(file: str, name: str, *, what: str = _REWARD) -> tuple[Function, ModuleType]:
    """The function `name` of a file, and its module; the file's code is executed, as in any import.

    `what` is what errors call it.
    Raises FileError for a file that is not there, InputError for one that fails or lacks the function.
    """
    path = Path(file)
    if not path.is_file():
        raise FileError(f"{what} {file}:{name}: there is no such file; expected a Python file: check the path")
    module = _load_module(path, f"{file}:{name}", what)
    found = getattr(module, name, None)
    if not callable(found):
        functions = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise InputError(
            f"{what} {file}:{name}: the file has no function {name}; expected one of: {', '.join(functions) or 'none'}"
        )
    return found, module


def _load_module(path: Path, label: str, what: str) -> ModuleType:
    # of the whole path, as two files may have one name
    unique = f"synergy_reward_{path.stem}_{sha256(str(path.resolve()).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(unique, path)
    assert spec is not None, "the name ends in .py"
    assert spec.loader is not None, "a file has a loader"
    module = importlib.util.module_from_spec(spec)
    sys.modules[unique] = module  # dataclasses look their module up there
    with told_in_one_line(label, "cannot be loaded", "a file that can be imported", what=what):
        spec.loader.exec_module(module)
    return module


@contextmanager
def told_in_one_line(label: str, fault: str, expected: str, *, what: str = _REWARD) -> Iterator[None]:
    """Turn any exception of the user's code into an InputError that names the function and keeps the cause."""
    try:
        yield
    except Exception as error:  # foreign code may raise anything
        text = " ".join(f"{type(error).__name__}: {error}".split())[:_SHOWN_CHARACTERS]
        raise InputError(f"{what} {label}: {fault} ({text}); expected {expected}: mend the function") from error


def check_signature(function: Function, label: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> None:
    """Raise InputError where the function cannot be called with these arguments."""
    try:
        signature(function).bind(*arguments, **keywords)
    except TypeError as error:
        names = ", ".join([*(["one positional argument"] if arguments else []), *keywords])
        raise InputError(
            f"reward function {label}: cannot be called ({error}); expected a function of: {names}; "
            "others can be ignored by **kwargs, or check call"
        ) from None
