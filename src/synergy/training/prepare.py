"""From a config to a trainer in memory; whatever is wrong with config, data or model is said here, in one line."""

from dataclasses import dataclass

import torch

from synergy.algorithms.registry import needs
from synergy.algorithms.state import initial_state
from synergy.config.algorithm_sections import PolicyGradientSection
from synergy.config.mixing import InterleavedConfig, ProgressiveConfig
from synergy.config.train import TrainConfig
from synergy.data.load import open_data
from synergy.data.order import ProblemOrder
from synergy.errors import InputError
from synergy.grading.rewards.compute import Rewards
from synergy.models.loading import LoadedModel, load_model
from synergy.prompts import get_preset
from synergy.sampling.backends import open_sampler
from synergy.training.attempts import Attempts
from synergy.training.checks import check_config, check_data, resolved_model
from synergy.training.collect import DemonstrationSource, RolloutSource
from synergy.training.copies import frozen_copy, is_initial_below_adapter
from synergy.training.draw import Drawer
from synergy.training.evaluate import Evaluator, OutOfSource
from synergy.training.guided import ProgressiveSource
from synergy.training.interleaved import InterleavedSource
from synergy.training.optimizer import make_optimizer
from synergy.training.processes import Processes, local_device
from synergy.training.rewards import open_rewards
from synergy.training.scoring import Reference
from synergy.training.source import Source
from synergy.training.state import RunState
from synergy.training.synced_sampler import SyncedSampler
from synergy.training.trained_policy import TrainedPolicy
from synergy.training.trainer import Trainer


@dataclass(frozen=True, kw_only=True, eq=False)
class Prepared:
    """All parts of a run, at its beginning."""

    trainer: Trainer
    evaluator: Evaluator | None
    sampler: SyncedSampler | None


def prepare(config: TrainConfig, processes: Processes) -> Prepared:
    """Check everything, then load it.

    Raises InputError, FileError or MissingExtraError, each one line, before any training starts.
    """
    check_config(config)
    examples = open_data(config.data)
    check_data(config, examples)
    validation = open_data(config.validation_data) if config.validation_data else None
    elsewhere = _out_of_source(config)
    samples = validation is not None or not config.imitates
    rewards = open_rewards(config.reward, local_device()) if samples else None
    torch.manual_seed(config.seed)  # an adapter starts from random numbers, the same on all processes
    loaded = load_model(resolved_model(config.model, local_device()))
    _check_trains(loaded)
    # sharded before the next copy is made: never more than two whole models on a device
    reference = _reference_copy(config, loaded, processes)
    is_sharded = config.train.parallel == "sharded" and processes.num > 1
    replica = frozen_copy(loaded) if samples and is_sharded else None
    policy = TrainedPolicy(loaded, processes, parallel=config.train.parallel, precision=config.train.precision)
    preset = get_preset(config.prompt)
    sampler = None
    if samples:
        inner = open_sampler(replica or loaded, config.sampling, preset, seed=config.seed)
        sampler = SyncedSampler(inner, policy, replica)
    drawer = Drawer(examples, ProblemOrder(len(examples), config.seed), loaded.renderer, preset, processes)
    evaluator = None
    if config.evaluation and validation is not None and sampler is not None and rewards is not None:
        evaluator = Evaluator(config.evaluation, validation, loaded.renderer, sampler, preset, rewards, elsewhere)
    trainer = Trainer(
        config,
        policy,
        make_optimizer(policy.trained, config.optimizer),
        _source(config, drawer, sampler, rewards, processes),
        drawer,
        reference or (Reference(policy, without_adapter=True) if _needs_reference(config) else None),
        RunState(algorithm=initial_state(config.algorithm.loss.kl)),
    )
    return Prepared(trainer=trainer, evaluator=evaluator, sampler=sampler)


def _out_of_source(config: TrainConfig) -> list[OutOfSource]:
    sets = config.evaluation.out_of_source if config.evaluation else ()
    return [OutOfSource(config=each, examples=open_data(each.data)) for each in sets]


def _check_trains(loaded: LoadedModel) -> None:
    if not any(parameter.requires_grad for parameter in loaded.model.parameters()):
        raise InputError("model.freeze leaves nothing to train; expected at least one of vision, projector, language")


def _source(
    config: TrainConfig, drawer: Drawer, sampler: SyncedSampler | None, rewards: Rewards | None, processes: Processes
) -> Source:
    preset, renderer, algorithm = get_preset(config.prompt), drawer.renderer, config.algorithm
    if not isinstance(algorithm, PolicyGradientSection):
        return DemonstrationSource(drawer, renderer, preset)
    assert sampler is not None, "a run that learns from attempts samples"
    assert rewards is not None, "and rewards them"
    attempts = Attempts(sampler=sampler, preset=preset, rewards=rewards, num_samples=config.train.samples_per_problem)
    match algorithm:
        case InterleavedConfig():
            return InterleavedSource(drawer, attempts, renderer, algorithm)
        case ProgressiveConfig():
            return ProgressiveSource(drawer, attempts, renderer, algorithm, num_steps=config.train.num_steps)
        case _:
            return RolloutSource(drawer, attempts, processes, dynamic_sampling=algorithm.dynamic_sampling)


def _needs_reference(config: TrainConfig) -> bool:
    return needs(config.algorithm, updates_per_sampling=config.train.updates_per_sampling).reference_logprobs


def _reference_copy(config: TrainConfig, loaded: LoadedModel, processes: Processes) -> Reference | None:
    """A copy to keep as it is, where the run needs a reference and the policy cannot show it by itself."""
    if not _needs_reference(config) or is_initial_below_adapter(loaded):
        return None
    loop = config.train
    model = TrainedPolicy(frozen_copy(loaded), processes, parallel=loop.parallel, precision=loop.precision)
    return Reference(model, without_adapter=False)
