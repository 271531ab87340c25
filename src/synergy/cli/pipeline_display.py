"""What a person sees while a pipeline runs: a bar in a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bars

from synergy.data.pipeline.progress import Progress

_LINE_EVERY_SECONDS = 10.0


@contextmanager
def open_display(title: str, currency: str) -> Iterator[Callable[[Progress], None]]:
    """What to tell of progress."""
    console = Console()
    if not (console.is_terminal and sys.stdout.isatty()):
        yield _line_display(title, currency)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}"))
    with Bars(*columns, console=console, transient=True) as bars:
        task = bars.add_task(title, total=None, note="")

        def show(progress: Progress) -> None:
            done = progress.num_done_before + progress.num_done
            bars.update(task, completed=done, total=progress.num_samples, note=told(progress, currency))

        yield show


def told(progress: Progress, currency: str) -> str:
    """Throughput, cost so far, time left."""
    seconds = max(progress.seconds, 1e-9)
    parts = [
        f"{progress.num_asked / seconds:,.1f} replies/s",
        f"{progress.num_tokens / seconds:,.0f} tokens/s",
        f"{currency}{progress.cost_before + progress.cost:,.2f}",
        f"{progress.num_dropped:,} dropped",
    ]
    parts += [f"{progress.num_retries:,} retries"] if progress.num_retries else []
    parts += [f"{progress.num_failed:,} without answer"] if progress.num_failed else []
    left = progress.seconds_left
    if left is not None:
        hours, minutes = divmod(round(left) // 60, 60)
        parts.append(f"{hours}:{minutes:02}:{round(left) % 60:02} left")
    return ", ".join(parts)


def _line_display(title: str, currency: str) -> Callable[[Progress], None]:
    last = time.monotonic()

    def show(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= _LINE_EVERY_SECONDS:
            last = time.monotonic()
            done = progress.num_done_before + progress.num_done
            print(f"{title}: {done:,}/{progress.num_samples:,}, {told(progress, currency)}", flush=True)

    return show
