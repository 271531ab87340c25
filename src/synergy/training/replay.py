"""Save a step that went wrong in one file, and run it again to see where."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from synergy.config.resolve import resolved
from synergy.config.train import TrainConfig
from synergy.data.load import open_data
from synergy.errors import FileError, InputError
from synergy.models.loading import load_model
from synergy.models.prompt import Dropped
from synergy.prompts import get_preset
from synergy.records import TokenSignal
from synergy.training.checks import resolved_model
from synergy.training.codec import signals_from_tensors, signals_to_tensors
from synergy.training.faults import NonFiniteError
from synergy.training.normalise import count_signals
from synergy.training.optimizer import gradient_norm
from synergy.training.processes import Processes
from synergy.training.response_trees import SignalTree, signal_trees
from synergy.training.step import Fault, accumulate, find_fault
from synergy.training.tensors import weight_tensors
from synergy.training.trained_policy import TrainedPolicy
from synergy.training.trainer import step_settings

_WEIGHT, _SIGNAL, _HEADER = "weight/", "signal/", "synergy_replay"


@dataclass(frozen=True, kw_only=True)
class ReplayedBatch:
    """One micro-batch of a replayed step."""

    problem_ids: tuple[str, ...]
    num_tokens: int  #: with log-probs
    lowest_logprob: float
    losses: Mapping[str, float]  #: terms of the loss


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """A step that was run again on one process."""

    step: int
    update: int
    batches: tuple[ReplayedBatch, ...]
    gradient_norm: float
    fault: Fault | None  #: None where all is finite this time


def save_replay(folder: Path, config: TrainConfig, policy: TrainedPolicy, error: NonFiniteError) -> Path:
    """Write weights, signals and config of the step that failed; called by all processes alike, returns the file.

    Raises FileError where it cannot be written.
    """
    record = error.record
    path = folder / f"step_{record.step:06d}.safetensors"
    arrays, facts = signals_to_tensors(record.signals)
    tensors = {f"{_WEIGHT}{name}": tensor for name, tensor in weight_tensors(policy).items()}
    tensors |= {f"{_SIGNAL}{name}": torch.from_numpy(array) for name, array in arrays.items()}
    header = {
        "config": resolved(config),
        "step": record.step,
        "update": record.update,
        "kl_coefficient": record.kl_coefficient,
        "signals": facts,
    }
    if policy.processes.is_first:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            save_file(tensors, path, metadata={_HEADER: json.dumps(header)})
        except (OSError, SafetensorError) as problem:
            raise FileError(f"{path}: cannot be written ({problem}), after: {error}") from error
    return path


def replay(path: Path) -> Replayed:
    """Run the saved step again; raises InputError or FileError for a file that is none."""
    header, tensors = _read(path)
    config = TrainConfig.model_validate_json(json.dumps(header["config"]))
    loaded = load_model(resolved_model(config.model, None))
    policy = TrainedPolicy(loaded, Processes(), precision=config.train.precision)
    policy.copy_weights(
        {name.removeprefix(_WEIGHT): each for name, each in tensors.items() if name.startswith(_WEIGHT)}
    )
    arrays = {name.removeprefix(_SIGNAL): each.numpy() for name, each in tensors.items() if name.startswith(_SIGNAL)}
    signals = signals_from_tensors(arrays, header["signals"])
    policy.policy.train()
    gradient = accumulate(
        policy,
        list(_trees(config, policy, signals)),
        count_signals(signals),
        step_settings(config),
        kl_coefficient=header["kl_coefficient"],
    )
    norm = gradient_norm(policy.trained)
    batches = tuple(
        ReplayedBatch(
            problem_ids=tuple(dict.fromkeys(tree.prompt.problem_id for tree in micro.batch.trees)),
            num_tokens=len(logprobs),
            lowest_logprob=float(logprobs.min()) if len(logprobs) else 0.0,
            losses={name: float(value) for name, value in metrics.sums.items()},
        )
        for micro, metrics, logprobs in gradient.losses
    )
    return Replayed(
        step=header["step"],
        update=header["update"],
        batches=batches,
        gradient_norm=norm,
        fault=find_fault(gradient, policy, norm),
    )


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            header = json.loads((file.metadata() or {})[_HEADER])
            return header, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except FileNotFoundError:
        raise FileError(
            f"{path}: no such file; expected one that a stopped run has left in its folder replay"
        ) from None
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise InputError(
            f"{path}: cannot be read ({error}); expected a file that a stopped run has left in its folder replay"
        ) from None


def _trees(config: TrainConfig, policy: TrainedPolicy, signals: list[TokenSignal]) -> Iterator[SignalTree]:
    """All of the step's signals as trees, problem by problem."""
    examples = open_data(config.data)
    places = {problem_id: index for index, problem_id in enumerate(examples.ids)}
    preset = get_preset(config.prompt)
    by_problem: dict[str, list[TokenSignal]] = {}
    for signal in signals:
        by_problem.setdefault(signal.rollout.problem_id, []).append(signal)
    for problem_id, chosen in by_problem.items():
        if problem_id not in places:
            raise InputError(f"the data no longer hold problem '{problem_id}'; expected the data that the run had")
        prompt = policy.loaded.renderer.prompt(examples[places[problem_id]].problem, preset)
        assert not isinstance(prompt, Dropped), "the run has rendered it"
        yield from signal_trees(prompt, chosen, max_tokens=config.train.max_tokens_per_tree)
