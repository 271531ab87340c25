"""Time Synergy against TRL 1.16, row by row; see benchmarks/README.md.

A row that has its result on disk is not measured again unless --again is given. Each row runs in a process of its own.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from versus_trl import results
from versus_trl.chart import write_chart
from versus_trl.rows import ROWS, Options
from versus_trl.setting import CPU, Machine

from synergy.pocket.shipped import WEIGHTS

HERE = Path(__file__).parent
README = HERE / "README.md"


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(ROWS)), help="Measure this row; may be given again.")
@click.option("--again", is_flag=True, help="Measure rows anew that have a result.")
@click.option("--quick", is_flag=True, help="Tiny sizes, to see that everything works; the numbers mean nothing.")
@click.option("--threads", type=click.IntRange(min=1), default=None, help="Threads of each side.  [all cores]")
@click.option("--device", default="cpu", show_default=True, help="Such as cuda.")
@click.option("--dtype", type=click.Choice(["float32", "bfloat16"]), default="float32", show_default=True)
@click.option("--model", type=click.Choice(["qwen_11m", "qwen_3b"]), default="qwen_11m", show_default=True)
def main(only: tuple[str, ...], again: bool, quick: bool, threads: int | None, **where: Any) -> None:
    """Measure, print, write."""
    machine = Machine(device=where["device"], dtype=where["dtype"])
    num_threads = threads or _num_cores()
    options = Options(is_quick=quick, machine=machine, model=where["model"], num_threads=num_threads)
    folder = HERE / "results" / ("quick" if quick else f"{options.model}_{machine.device}_{machine.dtype}")
    console = Console()
    failed = [name for name in only or ROWS if not _measure(name, options, folder, console, again=again)]
    found = results.read(folder)
    if "growth" in found:
        write_chart(folder / "growth.svg", found["growth"]["result"])
    _print(found, console)
    if not quick and (options.model, machine) == ("qwen_11m", CPU):
        results.into_readme(README, found)
    if not only and not quick:
        _measure_pocket(console, again=again)
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


def _measure(name: str, options: Options, folder: Path, console: Console, *, again: bool) -> bool:
    """Measure a row if need be; whether it has a result now."""
    if (folder / f"{name}.json").exists() and not again:
        console.print(f"{name}: has a result, kept")
        return True
    started = time.perf_counter()
    with console.status(f"{name}: {ROWS[name].title}"):
        done = _run(name, options)
    seconds = time.perf_counter() - started
    if done.returncode:
        console.print(f"{name}: failed after {seconds:.0f} s", style="red")
        console.print(done.stderr, markup=False, highlight=False)
        return False
    results.write(folder, name, json.loads(done.stdout.splitlines()[-1]))
    console.print(f"{name}: {seconds:.0f} s")
    return True


def _measure_pocket(console: Console, *, again: bool) -> None:
    """The pocket's own speed, which has no other side."""
    if (WEIGHTS / "model.safetensors").exists() and (again or not (HERE / "results" / "pocket_speed.json").exists()):
        subprocess.run([sys.executable, str(HERE / "pocket_speed.py")], check=True)
    else:
        console.print("pocket_speed: has a result, or there is no pocket model")


def _run(name: str, options: Options) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "versus_trl.rows", name, json.dumps(asdict(options))]
    paths = [str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
    threads = {"OMP_NUM_THREADS": str(options.num_threads), "PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, **threads})


def _print(found: dict[str, dict[str, Any]], console: Console) -> None:
    table = Table(*results.HEADER)
    for line in results.table(found):
        table.add_row(*line)
    console.print(table)
    for remark in results.remarks(found):
        console.print(remark, highlight=False)


def _num_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    main()
