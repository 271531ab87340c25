"""A step of SFT on the pocket's long traces, ragged as they are, each with its picture."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from synergy.pocket.world import items
from synergy.prompts import BOXED
from synergy.training.collect import DemonstrationSource
from synergy.training.trainer import Trainer
from versus_trl import ours, trl_common
from versus_trl.agreement import Agreement, compare
from versus_trl.pairs import Turns, alternate
from versus_trl.setting import Machine
from versus_trl.trl_sft import sft_trainer
from versus_trl.tuning import our_fastest, their_fastest

_MODEL = "pocket"


def our_trainer(machine: Machine, examples: ours.ListedExamples, num_problems: int, **loop: Any) -> Trainer:
    """Our trainer, which draws the examples by turns; `loop` is more of its section `train`."""
    loaded = ours.load(_MODEL, machine)
    config = ours.train_config({"name": "sft"}, num_problems=num_problems, train=loop)
    drawer = ours.make_drawer(loaded, config, examples)
    return ours.make_trainer(loaded, config, drawer, DemonstrationSource(drawer, loaded.renderer, BOXED))


def demonstrations(num: int) -> ours.ListedExamples:
    """Pocket problems of all families and levels with the expert's long traces."""
    made = items("train", num)
    return ours.examples_of([item.problem() for item in made], [item.long() for item in made])


def check(machine: Machine, *, num_problems: int) -> Agreement:
    """Value and gradient of both sides' losses on one step's demonstrations, no token banned."""
    examples = demonstrations(num_problems)
    trainer = our_trainer(machine, examples, num_problems)
    ours.lift_vision_ban(trainer.policy.loaded)
    order = ours.visited(examples, trainer.config, num_problems)
    theirs = sft_trainer(
        _MODEL, machine, order, rows_per_step=num_problems, rows_per_forward=num_problems, num_steps=1, max_grad_norm=0
    )
    return compare(ours.loss_and_gradient(trainer), trl_common.loss_and_gradient(theirs))


def measure(machine: Machine, *, num_problems: int, num_pairs: int, rows_per_forward: Sequence[int]) -> dict[str, Any]:
    """Both sides in turns on the same demonstrations, at their best micro-batch sizes; no epoch is repeated."""
    agreement = check(machine, num_problems=num_problems)
    num_steps = 2 + num_pairs
    examples = demonstrations(num_steps * num_problems)

    def ours_of(limit: int) -> Trainer:
        return our_trainer(machine, examples, num_problems, max_tokens_per_micro_batch=limit)

    def theirs_of(rows: int, num_steps: int) -> Callable[[Turns], None]:
        chosen = order[: num_steps * num_problems]
        made = sft_trainer(
            _MODEL, machine, chosen, rows_per_step=num_problems, rows_per_forward=rows, num_steps=num_steps
        )
        return trl_common.taking_turns(made, counts_fetching=True)

    limit, ours_tried = our_fastest(ours_of)
    trainer = ours_of(limit)
    order = ours.visited(examples, trainer.config, len(examples))
    rows, theirs_tried = their_fastest(rows_per_forward, theirs_of)
    pairs = alternate(trainer.step, theirs_of(rows, num_steps), num_pairs=num_pairs, num_warmup=2)
    return {
        "setting": {"machine": asdict(machine), "num_problems": num_problems, "seed": 0},
        **pairs.summary(),
        "agreement": agreement.summary(),
        "ours_seconds_by_tokens_per_micro_batch": ours_tried,
        "theirs_seconds_by_rows_per_forward": theirs_tried,
    }
