"""A progress bar for sampling: responses finished, tokens per second, time left."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def sampling_progress(
    num_responses: int, *, title: str = "sampling", console: Console | None = None
) -> Iterator[Callable[[int, int], None]]:
    """What `Sampler.sample` takes as `on_progress`, shown as a bar; the bar goes when the block ends."""
    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[tokens_per_second]:,.0f} tokens/s"),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task(title, total=num_responses, tokens_per_second=0.0)
        started = time.perf_counter()

        def show(num_finished: int, num_tokens: int) -> None:
            seconds = time.perf_counter() - started
            progress.update(bar, completed=num_finished, tokens_per_second=num_tokens / max(seconds, 1e-9))

        yield show
