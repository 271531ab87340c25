"""Train once undisturbed, then again and again with SIGKILL at random moments; prints one JSON line per run.

A process of its own that imports everything once and forks a child for each start: torch has no threads here.
Arguments: config file, folder for the runs, number of runs, kills per run, seed.
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import synergy.cli.train_run
from synergy.cli import run


def start(config: Path, out: Path, kill_after_seconds: float | None) -> tuple[bool, float]:
    """Whether the command ran to its end, and how long it took."""
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        with open(os.devnull, "w") as null:
            os.dup2(null.fileno(), sys.stdout.fileno())
        os._exit(run(["train", str(config), "--out", str(out)]))
    if kill_after_seconds is not None:
        time.sleep(kill_after_seconds)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not os.WIFSIGNALED(status):
        assert os.WEXITSTATUS(status) == 0, f"the command failed with status {status}"
    return not os.WIFSIGNALED(status), time.monotonic() - began


def main() -> None:
    config, folder = Path(sys.argv[1]), Path(sys.argv[2])
    num_runs, kills_per_run, seed = map(int, sys.argv[3:])
    assert synergy.cli.train_run.torch.get_num_threads() == 1
    _, seconds = start(config, folder / "undisturbed", None)
    moments = random.Random(seed)
    for number in range(num_runs):
        out = folder / f"killed-{number}"
        steps = []
        for _ in range(kills_per_run):
            start(config, out, moments.uniform(0.1, 0.95) * seconds)
            checkpoints = sorted((out / "checkpoints").glob("step_*")) if out.exists() else []
            steps.append(checkpoints[-1].name if checkpoints else None)
        done, _ = start(config, out, None)
        print(json.dumps({"run": out.name, "done": done, "checkpoints_when_killed": steps}), flush=True)


if __name__ == "__main__":
    main()
