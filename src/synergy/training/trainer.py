"""One step of any run: problems → groups → scores → signals → one or several updates → metrics."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from synergy.algorithms.groups import is_demonstration
from synergy.algorithms.registry import annotate, needs
from synergy.algorithms.signals import is_zero_signal
from synergy.algorithms.state import next_state
from synergy.config.mixing import MixedSection
from synergy.config.train import TrainConfig
from synergy.records import TokenSignal
from synergy.training.clock import StepClock
from synergy.training.draw import Drawer
from synergy.training.faults import StepRecord, stop_if_faulty
from synergy.training.merge import merge_over
from synergy.training.metrics import LossMetrics, merge_metrics, summarise
from synergy.training.micro_batches import moving, weighted
from synergy.training.mix_metrics import sft_metrics
from synergy.training.normalise import count_signals
from synergy.training.optimizer import gradient_norm, learning_rate, set_learning_rate
from synergy.training.response_trees import SignalTree, signal_trees
from synergy.training.rollout_metrics import mean_of, total
from synergy.training.scoring import Reference, ScoreSettings, score
from synergy.training.source import OnProgress, Source
from synergy.training.state import RunState
from synergy.training.step import StepSettings, accumulate, update
from synergy.training.step_groups import StepGroup, shared
from synergy.training.trained_policy import TrainedPolicy


@dataclass(frozen=True, kw_only=True, eq=False)
class LearnedGroup:
    """A group of a step and what is to be learned from it."""

    place: StepGroup
    signals: tuple[TokenSignal, ...]


class Trainer:
    """A run's parts in memory; every process of the run has one and calls it alike."""

    def __init__(
        self,
        config: TrainConfig,
        policy: TrainedPolicy,
        optimizer: torch.optim.Optimizer,
        source: Source,
        drawer: Drawer,
        reference: Reference | None,
        state: RunState,
    ) -> None:
        self.config = config
        self.policy = policy
        self.optimizer = optimizer
        self.source = source
        self.drawer = drawer
        self.reference = reference
        self.state = state
        self.settings = step_settings(config)
        self.needs = needs(config.algorithm, updates_per_sampling=config.train.updates_per_sampling)

    def step(self, on_progress: OnProgress | None = None) -> dict[str, float]:
        """Take one step and return its metrics, merged over processes; `state` is then the state after it.

        Raises NonFiniteError where loss or gradient is not finite.
        """
        clock = StepClock()
        config, state, processes = self.config, self.state, self.policy.processes
        torch.manual_seed(stream_seed(config.seed, state.step, processes.rank))
        with clock.measure("sample"):
            collected = self.source.collect(config.train.problems_per_step, on_progress, step=state.step)
        with clock.measure("score"):
            own = self._scored(collected.groups)
        groups = shared(own, processes)
        signals = iter(annotate([each.group for each in groups], config.algorithm, state.algorithm))
        learned = [
            LearnedGroup(place=each, signals=tuple(next(signals) for _ in each.group.rollouts)) for each in groups
        ]
        with clock.measure("update"):
            parts = self._updates(learned)
        if isinstance(config.algorithm, MixedSection):
            parts.append(sft_metrics(merge_metrics(parts)))
        metrics = merge_over(processes, merge_metrics([collected.metrics, *parts]))
        found = summarise(metrics)
        attempts = [signal for each in learned for signal in each.signals if not is_demonstration(signal.rollout)]
        self._advance(found, num_rollouts=len(attempts))
        return self._with_rates(found, clock, len(collected.dropped))

    def _scored(self, own: Sequence[StepGroup]) -> list[StepGroup]:
        groups = [each.group for each in own]
        prompts = {each.group.problem.id: each.prompt for each in own if each.prompt is not None}
        settings = score_settings(self.config)
        if self.needs.policy_logprobs:
            groups = score(self.policy, groups, prompts, "policy_logprobs", settings)
        if self.reference is not None:
            groups = self.reference.score(groups, prompts, settings)
        return [replace(each, group=group) for each, group in zip(own, groups, strict=True)]

    def _updates(self, learned: Sequence[LearnedGroup]) -> list[LossMetrics]:
        """One optimiser step per chunk of the step's problems, the same chunks whatever the number of processes."""
        planned = self.config.train.updates_per_sampling
        num = min(planned, len(learned))
        bounds = np.linspace(0, len(learned), num + 1).round().astype(int)
        return [self._update(learned[bounds[index] : bounds[index + 1]], index, share=1 / num) for index in range(num)]

    def _update(self, chunk: Sequence[LearnedGroup], index: int, *, share: float) -> LossMetrics:
        config, state, policy = self.config, self.state, self.policy
        signals = [signal for each in chunk for signal in each.signals]
        counts = count_signals(signals)
        trees = self._trees(chunk)
        number = state.step * config.train.updates_per_sampling + index
        rate = learning_rate(config.optimizer, number, config.train.num_steps * config.train.updates_per_sampling)
        set_learning_rate(self.optimizer, rate)
        policy.policy.train()
        beta = state.algorithm.kl_coefficient
        gradient = accumulate(policy, trees, counts, self.settings, kl_coefficient=beta)
        norm = gradient_norm(policy.trained)
        record = StepRecord(step=state.step + 1, update=index, kl_coefficient=beta, signals=tuple(signals))
        stop_if_faulty(gradient, policy, norm, record)
        update(policy, self.optimizer, config.optimizer, norm)
        sums = {name: value * share for name, value in gradient.metrics.sums.items()}
        trained = sum(len(signal.advantage) for each in trees for signal in each.signals)
        own = LossMetrics(
            sums={
                "tokens/trained": total(trained),
                "tokens/update": total(gradient.num_tokens),
                "tokens/num_images": total(gradient.num_images),
            }
        )
        if policy.processes.is_first:  # the same on all, so counted once
            own = merge_metrics([own, self._shared_metrics(signals, norm, rate)])
        return merge_metrics([replace(gradient.metrics, sums=sums), own])

    def _shared_metrics(self, signals: Sequence[TokenSignal], norm: float, rate: float) -> LossMetrics:
        return LossMetrics(
            means={
                "gradient/norm": mean_of([norm]),
                "gradient/clipped_fraction": mean_of([norm > self.config.optimizer.max_gradient_norm]),
                "optimizer/learning_rate": mean_of([rate]),
                "policy/zero_signal_fraction": mean_of(is_zero_signal(signal) for signal in signals),
            }
        )

    def _trees(self, chunk: Sequence[LearnedGroup]) -> list[SignalTree]:
        """This process's share of a chunk; what moves nothing stays out where the config says so."""
        loop = self.config.train
        chooses = weighted if self.settings.loss.moves_zero_signals else moving
        found = []
        for each in chunk:
            if each.place.prompt is not None:
                chosen = chooses(each.signals) if loop.skip_zero_signals else each.signals
                found += signal_trees(each.place.prompt, chosen, max_tokens=loop.max_tokens_per_tree)
        return found

    def _advance(self, metrics: dict[str, float], *, num_rollouts: int) -> None:
        """Move the state on to after this step."""
        algorithm = self.state.algorithm
        if "kl/value" in metrics:
            kl = self.settings.loss.kl
            algorithm = next_state(algorithm, kl, mean_kl=metrics["kl/value"], num_rollouts=num_rollouts)
        self.state = replace(
            self.state,
            step=self.state.step + 1,
            order_position=self.drawer.order.position,
            algorithm=algorithm,
        )

    def _with_rates(self, metrics: dict[str, float], clock: StepClock, num_dropped: int) -> dict[str, float]:
        """Metrics with times and speeds of the first process; the ledger gains what the step has spent."""
        seconds = clock.total()
        found = {**metrics, **clock.seconds()}
        generated = int(metrics.get("sampling/generated_tokens", 0))
        trained, images = int(metrics.get("tokens/trained", 0)), metrics.get("tokens/num_images", 0)
        found["time/tokens_per_second"] = (generated + trained) / seconds
        if self.settings.loss.kl.place != "none":
            found["kl/coefficient"] = self.state.algorithm.kl_coefficient
        ledger = self.state.ledger
        self.state = replace(
            self.state,
            ledger=ledger.add(
                problems=self.state.order_position - ledger.problems,
                generated_tokens=generated,
                trained_tokens=trained,
                update_tokens=int(metrics.get("tokens/update", 0)),
                images=int(images + metrics.get("sampling/num_images", 0)),
                attempts=int(metrics.get("sampling/num_attempts", 0)),
                truncated_attempts=int(metrics.get("sampling/num_truncated", 0)),
                dropped_problems=num_dropped,
                training_seconds=seconds,
            ),
        )
        return found


def step_settings(config: TrainConfig) -> StepSettings:
    """What the steps of a run have in common; demonstrations are imitated at temperature 1."""
    return StepSettings(
        loss=config.algorithm.loss,
        temperature=1.0 if config.imitates else config.sampling.temperature,
        max_tokens_per_micro_batch=config.train.max_tokens_per_micro_batch,
        response_limit_tokens=None if config.imitates else config.sampling.max_tokens,
    )


def score_settings(config: TrainConfig) -> ScoreSettings:
    """The same for responses that are only scored."""
    return ScoreSettings(
        temperature=config.sampling.temperature,
        max_tokens_per_tree=config.train.max_tokens_per_tree,
        max_tokens_per_micro_batch=config.train.max_tokens_per_micro_batch,
    )


def stream_seed(*numbers: int) -> int:
    """A seed of 63 bits for a stream of its own: of torch's generator, from which dropout draws."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> 1)
