"""What TRL's trainers have in common here: their settings, data that costs them nothing, and taking turns."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor
from transformers import PrinterCallback, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from synergy.models.parts import freeze
from versus_trl.checkpoints import make_model
from versus_trl.ours import LEARNING_RATE
from versus_trl.pairs import Turns
from versus_trl.setting import Machine, ModelName

Row = dict[str, Any]


def load(name: ModelName, machine: Machine, *, is_tower_frozen: bool = False, seed: int = 0) -> Any:
    """The same weights as our side's, in a model of its own, with attention by SDPA."""
    model = make_model(name, machine, seed=seed)
    if is_tower_frozen:
        freeze(model, ("vision", "projector"))
    return model


def common_options(machine: Machine, *, rows_per_step: int, rows_per_forward: int, num_steps: int) -> dict[str, Any]:
    """The fastest that TRL offers for a run on one device; nothing is logged, saved or recomputed."""
    assert rows_per_step % rows_per_forward == 0, "a step is cut into equal parts"
    return {
        "output_dir": "unused",
        "per_device_train_batch_size": rows_per_forward,
        "gradient_accumulation_steps": rows_per_step // rows_per_forward,
        "max_steps": num_steps,
        "learning_rate": LEARNING_RATE,
        "lr_scheduler_type": "constant",
        "optim": "adamw_torch_fused",
        "weight_decay": 0.0,
        "gradient_checkpointing": False,
        # weights and activations are of the machine's type on both sides, without autocast
        "bf16": False,
        "use_cpu": machine.device == "cpu",
        "dataloader_num_workers": 0,
        "dataloader_pin_memory": False,
        "remove_unused_columns": False,
        "logging_strategy": "no",
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
    }


def in_memory(rows: Sequence[Row]) -> Dataset:
    """A data set whose pictures are never written or decoded: rows are handed over as they are."""
    dataset = Dataset.from_dict({"row": list(range(len(rows)))})

    def fetch(batch: dict[str, list[int]]) -> dict[str, list[Any]]:
        chosen = [dict(rows[index]) for index in batch["row"]]
        return {name: [row[name] for row in chosen] for name in rows[0]}

    return dataset.with_transform(fetch)


class AfterEachStep(TrainerCallback):
    """Takes turns with our side: theirs ends with an optimiser step.

    It begins where ours ended, or only with the step itself, after its batch was fetched.
    """

    def __init__(self, turns: Turns, *, counts_fetching: bool) -> None:
        self.turns = turns
        self.counts_fetching = counts_fetching

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Before the first forward pass."""
        if not self.counts_fetching:
            self.turns.begin()

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """After the optimiser."""
        self.turns.end()


def taking_turns(trainer: Any, *, counts_fetching: bool) -> Callable[[Turns], None]:
    """A trainer as the other side of `alternate`; it must have been made for as many steps as there are turns."""

    def take_turns(turns: Turns) -> None:
        trainer.remove_callback(PrinterCallback)
        trainer.add_callback(AfterEachStep(turns, counts_fetching=counts_fetching))
        trainer.train()

    return take_turns


class _KeepGradient(TrainerCallback):
    def __init__(self) -> None:
        self.gradient: dict[str, Tensor] = {}

    def on_pre_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        model: torch.nn.Module = kwargs["model"]
        self.gradient = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}


def loss_and_gradient(trainer: Any) -> tuple[float, dict[str, Tensor]]:
    """Of the first step of a trainer that was made for one step and does not clip."""
    assert trainer.args.max_steps == 1
    assert not trainer.args.max_grad_norm
    keep = _KeepGradient()
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(keep)
    output = trainer.train()
    return float(output.training_loss), keep.gradient
