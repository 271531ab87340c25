"""How far an update is from the least time it could take: its multiply-adds at the machine's best matrix rate.

The count is of matrix products, convolutions and attention (causal attention as if nothing were masked); everything
else a step does counts as distance.
"""

import statistics
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode, sdpa_backward_flop_count, sdpa_flop_count

from versus_trl import trl_common, trl_grpo
from versus_trl.grpo_update import given_groups, our_update
from versus_trl.machine import multiply_adds_per_second
from versus_trl.pairs import Turns, seconds_of
from versus_trl.setting import Setting
from versus_trl.tuning import our_fastest

_SQUARE = 2048  #: of the product that no layer of the model can beat
_NUM_STEPS = 4

Shape = tuple[int, ...]


def _cpu_attention(query: Shape, key: Shape, value: Shape, *_: Any, **__: Any) -> int:
    return sdpa_flop_count(query, key, value)


def _cpu_attention_backward(gradient: Shape, query: Shape, key: Shape, value: Shape, *_: Any, **__: Any) -> int:
    return sdpa_backward_flop_count(gradient, query, key, value)


def _linear(rows: Shape, weight: Shape, *_: Any, **__: Any) -> int:
    return 2 * rows[0] * rows[1] * weight[0]


#: torch counts neither attention on CPUs nor oneDNN's linear layers
_UNCOUNTED = {
    torch.ops.mkldnn._linear_pointwise: _linear,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _cpu_attention,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward: _cpu_attention_backward,
}


def multiply_adds(work: Callable[[], object]) -> int:
    """Of one call."""
    counter = FlopCounterMode(display=False, custom_mapping=_UNCOUNTED)
    with counter:
        work()
    return counter.get_total_flops() // 2


def measure(setting: Setting, *, rows_per_forward: int) -> dict[str, Any]:
    """Multiply-adds of both sides' updates, and our distance to the floor."""
    limit, _ = our_fastest(lambda limit: our_update(setting, max_tokens_per_micro_batch=limit))
    trainer = our_update(setting, max_tokens_per_micro_batch=limit)
    trainer.step()
    ours = multiply_adds(trainer.step)
    seconds = statistics.median(seconds_of(trainer.step) for _ in range(_NUM_STEPS))
    groups = given_groups(setting, trainer.policy.loaded)
    theirs = trl_grpo.update_trainer(setting, groups, rows_per_forward=rows_per_forward, num_steps=1)
    take_turn = trl_common.taking_turns(theirs, counts_fetching=False)
    config = trainer.policy.loaded.model.config.get_text_config()
    num_rows = setting.num_responses * setting.max_response_tokens
    best = multiply_adds_per_second(setting.machine, _SQUARE, _SQUARE, _SQUARE)
    typical = multiply_adds_per_second(setting.machine, num_rows, config.hidden_size, config.intermediate_size)
    return {
        "setting": asdict(setting),
        "ours_multiply_adds": ours,
        "theirs_multiply_adds": multiply_adds(lambda: take_turn(Turns(lambda: None, num_turns=1))),
        "ours_seconds": seconds,
        "multiply_adds_per_second": best,
        "multiply_adds_per_second_of_a_layer": typical,
        "floor_seconds": ours / best,
        "times_the_floor": seconds * best / ours,
    }
