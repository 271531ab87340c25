"""TRL's SFT trainer on pictures and traces."""

from collections.abc import Sequence
from typing import Any

from trl import SFTConfig, SFTTrainer

from synergy.data.examples import Example
from synergy.prompts import BOXED
from versus_trl import trl_common
from versus_trl.checkpoints import make_processor
from versus_trl.setting import Machine, ModelName
from versus_trl.trl_common import Row


def sft_trainer(
    name: ModelName,
    machine: Machine,
    examples: Sequence[Example],
    *,
    rows_per_step: int,
    rows_per_forward: int,
    num_steps: int,
    max_grad_norm: float = 1.0,
) -> SFTTrainer:
    """Learns the demonstrations in the order given; as for all data with images it pads, and processes as it goes."""
    options: dict[str, Any] = trl_common.common_options(
        machine, rows_per_step=rows_per_step, rows_per_forward=rows_per_forward, num_steps=num_steps
    )
    config = SFTConfig(**options, max_length=None, train_sampling_strategy="sequential", max_grad_norm=max_grad_norm)
    return SFTTrainer(
        model=trl_common.load(name, machine),
        args=config,
        train_dataset=trl_common.in_memory([_row(example) for example in examples]),
        processing_class=make_processor(name),
    )


def _row(example: Example) -> Row:
    (demonstration,) = example.demonstrations
    return {
        "prompt": [{"role": "user", "content": BOXED.user_text(example.problem.question)}],
        "completion": [
            {"role": "assistant", "content": BOXED.response(demonstration.trace, demonstration.answer)},
        ],
        "images": list(example.problem.images),
    }
