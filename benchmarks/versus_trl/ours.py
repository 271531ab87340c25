"""Our side: the run's own trainer, with only its source of responses exchanged where those are to be given."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from synergy.algorithms.registry import annotate
from synergy.algorithms.state import initial_state
from synergy.config.model import ModelConfig
from synergy.config.train import TrainConfig
from synergy.data.examples import Example
from synergy.data.order import ProblemOrder
from synergy.models.loading import LoadedModel, assemble
from synergy.prompts import BOXED
from synergy.records import Demonstration, Problem, RolloutGroup
from synergy.training.draw import Drawer
from synergy.training.metrics import LossMetrics, summarise
from synergy.training.normalise import count_signals
from synergy.training.optimizer import make_optimizer
from synergy.training.processes import Processes
from synergy.training.response_trees import signal_trees
from synergy.training.source import Collected, OnProgress, Source
from synergy.training.state import RunState
from synergy.training.step import accumulate
from synergy.training.step_groups import StepGroup
from synergy.training.trained_policy import TrainedPolicy
from synergy.training.trainer import Trainer, step_settings
from versus_trl.checkpoints import make_model, make_processor
from versus_trl.setting import Machine, ModelName, Setting

LEARNING_RATE = 1e-6  #: of both sides; hardly moves the weights, so that every step is like the first


def load(name: ModelName, machine: Machine, *, is_tower_frozen: bool = False, seed: int = 0) -> LoadedModel:
    """The model as `load_model` gives it, but from memory; features are never kept over steps."""
    config = ModelConfig(
        checkpoint=name,
        dtype=machine.dtype,
        device=machine.device,
        attention="sdpa" if machine.device == "cpu" else "flex_attention",
        freeze=("vision", "projector") if is_tower_frozen else (),
    )
    return assemble(config, make_model(name, machine, seed=seed), make_processor(name))


def train_config(algorithm: dict[str, Any], *, num_problems: int, **sections: Any) -> TrainConfig:
    """A run of many steps with everything else as it is by default."""
    loop = {"num_steps": 1000, "problems_per_step": num_problems, "skip_zero_signals": False}
    values = {
        "kind": "train",
        "model": {"checkpoint": "in memory"},
        "data": {"source": "pocket", "num_problems": num_problems},
        "prompt": BOXED.name,
        "algorithm": algorithm,
        "optimizer": {"learning_rate": LEARNING_RATE},
        **sections,
        "train": {**loop, **sections.get("train", {})},
    }
    return TrainConfig.model_validate(values)


def grpo_config(setting: Setting, *, algorithm: dict[str, Any] | None = None, **sections: Any) -> TrainConfig:
    """GRPO as TRL computes it by default; zero signals are not skipped unless `sections` say so."""
    loop = {"samples_per_problem": setting.group_size, **sections.pop("train", {})}
    return train_config(
        {"preset": "trl_grpo", **(algorithm or {})}, num_problems=setting.num_problems, train=loop, **sections
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class ListedExamples:
    """Problems in memory as a data set."""

    examples: Sequence[Example]
    has_demonstrations: bool = True

    @property
    def ids(self) -> list[str]:
        """The problems' ids."""
        return [example.problem.id for example in self.examples]

    def __len__(self) -> int:
        """How many."""
        return len(self.examples)

    def __getitem__(self, index: int) -> Example:
        """The example at an index."""
        return self.examples[index]


def examples_of(problems: Sequence[Problem], demonstrations: Sequence[Demonstration] = ()) -> ListedExamples:
    """One demonstration a problem, or none at all."""
    traces = [(each,) for each in demonstrations] or [()] * len(problems)
    return ListedExamples(
        examples=[Example(problem=p, demonstrations=d) for p, d in zip(problems, traces, strict=True)]
    )


def visited(examples: ListedExamples, config: TrainConfig, num: int) -> list[Example]:
    """The first `num` examples in the order in which a run draws them, for the other side to take the same."""
    order = ProblemOrder(len(examples), config.seed)
    return [examples[visit.index] for visit in order.take(num)]


def make_drawer(loaded: LoadedModel, config: TrainConfig, examples: ListedExamples) -> Drawer:
    """What a source draws its problems from."""
    return Drawer(examples, ProblemOrder(len(examples), config.seed), loaded.renderer, BOXED, Processes())


def make_trainer(loaded: LoadedModel, config: TrainConfig, drawer: Drawer, source: Source) -> Trainer:
    """The trainer of one process, without a reference model."""
    policy = TrainedPolicy(loaded, Processes(), precision=config.train.precision)
    optimizer = make_optimizer(policy.trained, config.optimizer)
    state = RunState(algorithm=initial_state(config.algorithm.loss.kl))
    return Trainer(config, policy, optimizer, source, drawer, None, state)


class GivenGroups:
    """A source whose responses are always the same, rewards included."""

    def __init__(self, loaded: LoadedModel, groups: Sequence[RolloutGroup]) -> None:
        prompts = [loaded.renderer.render(group.problem, BOXED) for group in groups]
        self.groups = tuple(
            StepGroup(number=number, group=group, prompt=prompt)
            for number, (group, prompt) in enumerate(zip(groups, prompts, strict=True))
        )

    def collect(self, num_problems: int, on_progress: OnProgress | None = None, *, step: int = 0) -> Collected:
        """All of them."""
        assert num_problems == len(self.groups)
        return Collected(groups=self.groups, metrics=LossMetrics(), dropped=())


def update_trainer(loaded: LoadedModel, config: TrainConfig, groups: Sequence[RolloutGroup]) -> Trainer:
    """A trainer whose steps are updates on given responses and nothing else."""
    examples = examples_of([group.problem for group in groups])
    return make_trainer(loaded, config, make_drawer(loaded, config, examples), GivenGroups(loaded, groups))


def loss_and_gradient(trainer: Trainer) -> tuple[float, dict[str, Tensor]]:
    """What the trainer's next update would be made of."""
    config, policy = trainer.config, trainer.policy
    places = trainer.source.collect(config.train.problems_per_step).groups
    signals = iter(annotate([place.group for place in places], config.algorithm, trainer.state.algorithm))
    trees = []
    for place in places:
        assert place.prompt is not None, "one process has all prompts"
        own = [next(signals) for _ in place.group.rollouts]
        trees += signal_trees(place.prompt, own, max_tokens=config.train.max_tokens_per_tree)
    policy.policy.train()
    counts = count_signals([signal for tree in trees for signal in tree.signals])
    gradient = accumulate(policy, trees, counts, step_settings(config))
    found = {name: p.grad.clone() for name, p in policy.trained.items() if p.grad is not None}
    policy.policy.zero_grad(set_to_none=True)
    return summarise(gradient.metrics)["loss/total"], found


def lift_vision_ban(loaded: LoadedModel) -> None:
    """Let visual tokens take part in the softmax, as they do in TRL; only to compare losses."""
    loaded.policy.banned_ids = torch.zeros(0, dtype=torch.int64, device=loaded.policy.device)
