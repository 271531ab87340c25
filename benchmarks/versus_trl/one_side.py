"""One side's update in a process of its own: how long it takes, and how much memory it adds to the loaded model's.

`python -m versus_trl.one_side REQUEST`, a JSON object; prints another one.
"""

import gc
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from versus_trl.setting import Setting


@dataclass(frozen=True, kw_only=True)
class OneSide:
    """What is asked for."""

    side: Literal["ours", "theirs"]
    setting: Setting
    rows_per_forward: int | None = None  #: theirs; None for all of the step
    max_tokens_per_micro_batch: int | None = None  #: ours; None for the default


_NUM_TIMED = 3


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What it took."""

    seconds: float  #: median of the steps after the first, which warms up and makes the optimiser's state
    added_bytes: int  #: most memory in use, less what was in use before the first step
    loaded_bytes: int  #: in use before the first step


def in_own_process(request: OneSide) -> Cost:
    """Run a request in a fresh process, with as many threads as this one was told to use."""
    paths = [str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [sys.executable, "-m", "versus_trl.one_side", json.dumps(asdict(request))],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )
    if done.returncode:
        raise RuntimeError(f"{request} failed:\n{done.stderr}")
    return TypeAdapter(Cost).validate_json(done.stdout.splitlines()[-1])


def cost_of(request: OneSide) -> Cost:
    """Some steps of that side, in this process."""
    from versus_trl.memory import in_use_bytes, peak_bytes

    steps = _our_steps(request) if request.side == "ours" else _their_steps(request)
    gc.collect()
    before = in_use_bytes()
    seconds = steps()
    return Cost(seconds=seconds, added_bytes=peak_bytes() - before, loaded_bytes=before)


def _our_steps(request: OneSide) -> Callable[[], float]:
    from versus_trl.grpo_update import our_update
    from versus_trl.pairs import seconds_of

    limit = request.max_tokens_per_micro_batch
    loop: dict[str, Any] = {} if limit is None else {"max_tokens_per_micro_batch": limit}
    trainer = our_update(request.setting, **loop)

    def steps() -> float:
        trainer.step()
        return statistics.median(seconds_of(trainer.step) for _ in range(_NUM_TIMED))

    return steps


def _their_steps(request: OneSide) -> Callable[[], float]:
    from versus_trl import ours, trl_common, trl_grpo
    from versus_trl.grpo_update import given_groups
    from versus_trl.pairs import alternate

    setting = request.setting
    rows = request.rows_per_forward or setting.num_responses
    groups = given_groups(setting, ours.load(setting.model, setting.machine))
    num_steps = 1 + _NUM_TIMED
    trainer = trl_grpo.update_trainer(setting, groups, rows_per_forward=rows, num_steps=num_steps)
    take_turns = trl_common.taking_turns(trainer, counts_fetching=False)
    return lambda: statistics.median(alternate(lambda: None, take_turns, num_pairs=num_steps - 1).theirs_seconds)


def main() -> None:
    """Answer the request in the first argument."""
    from versus_trl.quiet import be_quiet

    be_quiet()
    cost = cost_of(TypeAdapter(OneSide).validate_json(sys.argv[1]))
    print(json.dumps(asdict(cost)))


if __name__ == "__main__":
    main()
