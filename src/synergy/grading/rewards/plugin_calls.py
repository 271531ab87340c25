"""How other frameworks call reward functions, read in TRL 1.16, verl and EasyR1; None is "does not apply".

trl: once for all attempts, `f(prompts, completions, completion_ids, trainer_state, log_extra, log_metric, **columns)`,
    a list of numbers or None, possibly from a coroutine. Prompts and completions are lists of messages with plain
    text. Columns are the fields of our `Problem` (and `solution` and `ground_truth`, its answer), a list each.
verl: once per attempt, `f(data_source, solution_str, ground_truth, extra_info)`, a number or a mapping with "score".
easyr1: `f(reward_inputs)` with a list of {"response", "response_length", "ground_truth"}, or with one of them at a time
    where the file says `REWARD_TYPE = "sequential"`; a mapping with "overall" for each.

Whatever else a mapping holds is not kept.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from synergy.errors import InputError
from synergy.grading.rewards.plugin_file import Function, check_signature
from synergy.prompts import PromptPreset
from synergy.records import Problem, Rollout

logger = logging.getLogger(__name__)

_FACTS = ("id", "question", "answer", "answer_kind", "choices", "source", "family", "level", "tags")


@dataclass(frozen=True, kw_only=True)
class Called:
    """What a function is called about."""

    problem: Problem
    rollout: Rollout
    preset: PromptPreset


@dataclass(frozen=True, kw_only=True)
class TrainerState:
    """What TRL's functions may ask of the trainer."""

    global_step: int  #: steps done before this one


#: raw results for attempts of a step, one each, not yet checked
Call = Callable[[Sequence[Called], int], Sequence[Any]]


def trl(function: Function, label: str, keywords: Mapping[str, Any], module: ModuleType) -> Call:
    """As TRL's GRPO trainer calls it; its two log functions write to Python's log."""

    def arguments(called: Sequence[Called], step: int) -> dict[str, Any]:
        return {
            "prompts": [_prompt(each) for each in called],
            "completions": [[{"role": "assistant", "content": each.rollout.text}] for each in called],
            "completion_ids": [each.rollout.token_ids.tolist() for each in called],
            "trainer_state": TrainerState(global_step=step),
            "log_extra": lambda column, values: logger.debug("%s: %s = %s", label, column, values),
            "log_metric": lambda name, value: logger.info("%s: %s = %s", label, name, value),
            **_columns([each.problem for each in called]),
            **keywords,
        }

    check_signature(function, label, (), arguments([], 0))
    return lambda called, step: _all(function(**arguments(called, step)), len(called))


def verl(function: Function, label: str, keywords: Mapping[str, Any], module: ModuleType) -> Call:
    """As verl's reward managers call `compute_score`."""

    def arguments(problem: Problem, text: str) -> dict[str, Any]:
        return {
            "data_source": problem.source,
            "solution_str": text,
            "ground_truth": problem.answer,
            "extra_info": {**_facts(problem), "index": problem.id},
            **keywords,
        }

    nobody = dict.fromkeys(("data_source", "solution_str", "ground_truth", "extra_info"))
    check_signature(function, label, (), {**nobody, **keywords})
    return lambda called, step: [
        _in_mapping(function(**arguments(each.problem, each.rollout.text)), "score", optional=True) for each in called
    ]


def easyr1(function: Function, label: str, keywords: Mapping[str, Any], module: ModuleType) -> Call:
    """As EasyR1's reward managers call `compute_score`; raises InputError for an unknown REWARD_TYPE."""
    kind = getattr(module, "REWARD_TYPE", "batch")
    if kind not in ("batch", "sequential"):
        raise InputError(f"reward function {label}: REWARD_TYPE is {kind!r}; expected batch or sequential")
    check_signature(function, label, ([],), keywords)

    def call(called: Sequence[Called], step: int) -> Sequence[Any]:
        inputs = [
            {
                "response": each.rollout.text,
                "response_length": len(each.rollout.token_ids),
                "ground_truth": each.problem.answer,
            }
            for each in called
        ]
        if kind == "sequential":
            found = [function(one, **keywords) for one in inputs]
        else:
            found = _all(function(inputs, **keywords), len(inputs))
        return [_in_mapping(each, "overall", optional=False) for each in found]

    return call


CALLS: Mapping[str, Callable[[Function, str, Mapping[str, Any], ModuleType], Call]] = {
    "trl": trl,
    "verl": verl,
    "easyr1": easyr1,
}


def _prompt(called: Called) -> list[dict[str, str]]:
    preset = called.preset
    system = [{"role": "system", "content": preset.system}] if preset.system else []
    return [*system, {"role": "user", "content": preset.user_text(called.problem.question)}]


def _facts(problem: Problem) -> dict[str, Any]:
    return {
        "id": problem.id,
        "question": problem.question,
        "answer": problem.answer,
        "answer_kind": problem.answer_kind.value,
        "choices": list(problem.choices),
        "source": problem.source,
        "family": problem.family,
        "level": problem.level,
        "tags": dict(problem.tags),
    }


def _columns(problems: Sequence[Problem]) -> dict[str, list[Any]]:
    """A data set's columns; the gold answer also goes by the two names that most functions use."""
    rows = [_facts(each) for each in problems]
    columns = {name: [row[name] for row in rows] for name in _FACTS}
    golds = [each.answer for each in problems]
    return {**columns, "solution": golds, "ground_truth": golds, "images": [list(each.images) for each in problems]}


def _result(value: Any) -> Any:
    """What a function returned, or what its coroutine comes to: in a thread, as a notebook has a loop of its own."""
    if not isinstance(value, Coroutine):
        return value
    with ThreadPoolExecutor(1) as executor:
        return executor.submit(asyncio.run, value).result()


def _all(value: Any, num: int) -> Sequence[Any]:
    """One result per attempt, or a ValueError, which names the function further up."""
    returned = _result(value)
    if not isinstance(returned, Iterable) or isinstance(returned, (str, Mapping)):
        raise ValueError(f"it returned {type(returned).__name__}, not a list")
    found = list(returned)  # an array or a tensor is fine too
    if len(found) != num:
        raise ValueError(f"it returned {len(found)} values for {num} attempts")
    return found


def _in_mapping(value: Any, key: str, *, optional: bool) -> Any:
    """The number under `key`; where a bare number is fine too, that."""
    found = _result(value)
    if isinstance(found, Mapping):
        if key not in found:
            raise ValueError(f"it returned a mapping without '{key}'")
        return found[key]
    if not optional:
        raise ValueError(f"it returned {type(found).__name__}, not a mapping with '{key}'")
    return found
