"""What a person sees while an evaluation runs: a bar in a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from synergy.evaluation.answerer import OnProgress

_LINE_EVERY_SECONDS = 10.0


class Display:
    """Shows one benchmark's stages."""

    def __init__(self, title: str) -> None:
        self._title = title

    def sampling(self, num_before: int, num_responses: int) -> OnProgress:
        """Show responses and tokens a second."""
        started = time.perf_counter()

        def show(num_finished: int, num_tokens: int) -> None:
            rate = num_tokens / max(time.perf_counter() - started, 1e-9)
            self.show("sampling", num_before + num_finished, num_responses, f"{rate:,.0f} tokens/s")

        return show

    def stage(self, name: str, num_done: int, num: int) -> None:
        """Show a later stage."""
        self.show(name, num_done, num, "")

    def show(self, stage: str, num_done: int, num: int, note: str) -> None:
        """Nothing: for scripts that read JSON."""


class LineDisplay(Display):
    """A line now and then, and one at the end of each stage."""

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self._last = time.monotonic()

    def show(self, stage: str, num_done: int, num: int, note: str) -> None:
        """The line, where one is due."""
        now = time.monotonic()
        if num_done < num and now - self._last < _LINE_EVERY_SECONDS:
            return
        self._last = now
        print(f"{self._title}: {stage} {num_done}/{num}" + (f", {note}" if note else ""), flush=True)


class BarDisplay(Display):
    """A bar for each stage."""

    def __init__(self, title: str, progress: Progress) -> None:
        super().__init__(title)
        self._progress = progress
        self._bars: dict[str, TaskID] = {}

    def show(self, stage: str, num_done: int, num: int, note: str) -> None:
        """Move the stage's bar."""
        if stage not in self._bars:
            self._bars[stage] = self._progress.add_task(f"{self._title}: {stage}", total=num, note=note)
        self._progress.update(self._bars[stage], completed=num_done, total=num, note=note)


@contextmanager
def open_display(title: str, *, is_silent: bool) -> Iterator[Display]:
    """The display for this terminal; nothing where the output is for scripts."""
    console = Console()
    if is_silent:
        yield Display(title)
    elif not (console.is_terminal and sys.stdout.isatty()):
        yield LineDisplay(title)
    else:
        columns = [
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
        ]
        with Progress(*columns, console=console, transient=True) as progress:
            yield BarDisplay(title, progress)
