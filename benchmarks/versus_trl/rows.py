"""The rows of the table, by name: what each measures, and what is to be reached. Importing it imports no torch.

`python -m versus_trl.rows NAME OPTIONS` measures one and prints it as JSON.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from versus_trl.setting import CPU, Machine, ModelName, Setting


@dataclass(frozen=True, kw_only=True)
class Options:
    """What all rows of a run have in common."""

    is_quick: bool = False  #: tiny sizes, to see that everything works
    machine: Machine = CPU
    model: ModelName = "qwen_11m"
    num_threads: int = 2

    @property
    def setting(self) -> Setting:
        """That of the first row."""
        if self.is_quick:
            return replace(_TINY, model=self.model, machine=self.machine)
        return Setting(model=self.model, machine=self.machine)

    @property
    def rows_per_forward(self) -> list[int]:
        """Micro-batch sizes that are tried for TRL: all at once, and one problem's responses."""
        return [self.setting.num_responses, self.setting.group_size]

    @property
    def num_pairs(self) -> int:
        """Of updates that take many seconds."""
        return 1 if self.is_quick else 5


_TINY = Setting(num_problems=2, group_size=2, image_tokens=16, min_response_tokens=4, max_response_tokens=8)


def _update(options: Options) -> dict[str, Any]:
    from versus_trl import grpo_update

    return grpo_update.measure(options.setting, num_pairs=options.num_pairs, rows_per_forward=options.rows_per_forward)


def _update_frozen(options: Options) -> dict[str, Any]:
    from versus_trl import grpo_update

    setting = replace(options.setting, is_tower_frozen=True)
    return grpo_update.measure(setting, num_pairs=options.num_pairs, rows_per_forward=options.rows_per_forward)


def _update_skipping(options: Options) -> dict[str, Any]:
    from versus_trl import grpo_update

    setting = replace(options.setting, num_silent_problems=options.setting.num_problems // 2)
    return grpo_update.measure(
        setting,
        num_pairs=min(3, options.num_pairs),
        rows_per_forward=options.rows_per_forward,
        skips_zero_signals=True,
    )


def _step(options: Options) -> dict[str, Any]:
    from versus_trl import grpo_step

    return grpo_step.measure(
        options.setting, num_pairs=min(3, options.num_pairs), rows_per_forward=options.rows_per_forward
    )


def _step_pocket(options: Options) -> dict[str, Any]:
    from versus_trl import grpo_step

    if options.is_quick:
        setting = replace(options.setting, model="pocket")
        return grpo_step.measure(setting, num_pairs=1, rows_per_forward=[setting.num_responses])
    setting = Setting(
        model="pocket", machine=options.machine, num_problems=16, min_response_tokens=20, max_response_tokens=120
    )
    return grpo_step.measure(setting, num_pairs=5, rows_per_forward=[128, 64, 32])


def _sft(options: Options) -> dict[str, Any]:
    from versus_trl import sft

    num, pairs = (4, 1) if options.is_quick else (32, 9)
    return sft.measure(options.machine, num_problems=num, num_pairs=pairs, rows_per_forward=[num, num // 2, num // 4])


def _generation(options: Options) -> dict[str, Any]:
    from versus_trl import generation

    if options.is_quick:
        sampled = generation.Sampled(num_problems=4, num_samples=2, max_tokens=24)
        return generation.measure(options.machine, sampled, num_pairs=1, rows=[4, 8])
    return generation.measure(options.machine, generation.Sampled(), num_pairs=3, rows=[64, 128, 256, 512])


def _memory(options: Options) -> dict[str, Any]:
    from versus_trl import costs

    half_a_group = options.setting.group_size // 2
    return costs.measure_memory(options.setting, rows_per_forward=[*options.rows_per_forward, half_a_group])


def _floor(options: Options) -> dict[str, Any]:
    from versus_trl import floor

    return floor.measure(options.setting, rows_per_forward=options.setting.num_responses)


def _growth(options: Options) -> dict[str, Any]:
    from versus_trl import costs

    if options.is_quick:
        return costs.measure_growth(options.setting, group_sizes=[2], image_tokens=[16])
    return costs.measure_growth(options.setting, group_sizes=[2, 4, 8, 16, 32], image_tokens=[49, 100, 196, 400, 784])


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table, or what stands below it; the ratio of its result has at most one bound."""

    title: str
    measure: Callable[[Options], dict[str, Any]]
    at_least: float | None = None
    at_most: float | None = None

    @property
    def target(self) -> str:
        """As the table shows it; empty for none."""
        if self.at_least is not None:
            return f"≥ {self.at_least:g}×"
        return "" if self.at_most is None else f"≤ {self.at_most:g}×"

    def is_reached(self, ratio: float) -> bool:
        """Whether a ratio is good enough."""
        return (self.at_least is None or ratio >= self.at_least) and (self.at_most is None or ratio <= self.at_most)


ROWS = {
    "grpo_update": Row(title="GRPO update, vision tower trained", at_least=8, measure=_update),
    "grpo_update_frozen": Row(title="GRPO update, vision tower frozen", at_least=5, measure=_update_frozen),
    "grpo_update_skipping": Row(
        title="GRPO update, tower trained, half of the groups without signal and skipped", measure=_update_skipping
    ),
    "grpo_step": Row(title="whole GRPO step with sampling, tower trained", at_least=5, measure=_step),
    "grpo_step_pocket": Row(title="whole GRPO step on the pocket model", at_least=2.5, measure=_step_pocket),
    "sft": Row(title="SFT on ragged pocket traces with images", at_least=1.5, measure=_sft),
    "generation": Row(title="generation, 256 pocket problems × 8 samples", at_least=3, measure=_generation),
    "memory": Row(title="peak memory of the GRPO update, tower trained", at_most=0.5, measure=_memory),
    "floor": Row(title="distance of our GRPO update to the floor", measure=_floor),
    "growth": Row(title="growth with group size and image tokens", measure=_growth),
}


def main() -> None:
    """Measure the row of the first argument under the options of the second."""
    from versus_trl.quiet import be_quiet

    be_quiet()
    import torch

    from versus_trl import machine

    name, options = sys.argv[1], TypeAdapter(Options).validate_json(sys.argv[2])
    torch.set_num_threads(options.num_threads)
    result = ROWS[name].measure(options)
    found = {"row": name, "options": asdict(options), "result": result, "machine": machine.describe()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
