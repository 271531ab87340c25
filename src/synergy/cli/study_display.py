"""What a person sees of a study under way: one live display for all of it; plain lines without a terminal."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from synergy.evaluation.answerer import OnProgress
from synergy.recipes.step import Step
from synergy.training.watchers import Metrics, Start

_LINE_EVERY_SECONDS = 20.0
_SHOWN = (("reward", "reward/mean"), ("accuracy", "score/accuracy"), ("loss", "nll/value"))


class LineDisplay:
    """A line now and then."""

    def __init__(self) -> None:
        self._step = ""
        self._last = 0.0
        self._num_steps = 0

    def begins(self, step: Step, number: int, num: int, *, goes_on: bool) -> None:
        """As `StudyWatcher.begins`."""
        self._step = f"[{number}/{num}] {step.kind} {step.name}"
        self._say(self._step + (", goes on" if goes_on else ""), due=True)

    def finished(self, step: Step, seconds: float) -> None:
        """As `StudyWatcher.finished`."""
        self._say(f"{self._step}: done in {seconds:.0f} s", due=True)

    def stage(self, name: str, num_done: int, num: int) -> None:
        """As `StudyWatcher.stage`."""
        self._say(f"{self._step}: {name} {num_done}/{num}")

    def sampling_of(self, num_before: int, num_responses: int) -> OnProgress:
        """As `StudyWatcher.sampling_of`."""
        return lambda num_finished, _: self.stage("sampling", num_before + num_finished, num_responses)

    def started(self, start: Start) -> None:
        """As `Watcher.started`."""
        self._num_steps = start.num_steps
        for note in start.notes:
            self._say(f"{self._step}: {note}", due=True)

    def sampling(self, num_responses: int, num_tokens: int) -> None:
        """Nothing: steps are short."""

    def stepped(self, step: int, metrics: Metrics) -> None:
        """As `Watcher.stepped`."""
        self._say(f"{self._step}: step {step}/{self._num_steps}{_values(metrics)}")

    def evaluated(self, step: int, metrics: Metrics) -> None:
        """As `Watcher.evaluated`."""
        accuracy = metrics.get("evaluation/accuracy")
        if accuracy is not None:
            self._say(f"{self._step}: validation accuracy {accuracy:.1%} after step {step}", due=True)

    def warned(self, line: str) -> None:
        """As `StudyWatcher.warned`."""
        self._say(f"{self._step}: {line}", due=True)

    def ended(self, message: str) -> None:
        """Nothing: `finished` says it."""

    def _say(self, line: str, *, due: bool = False) -> None:
        now = time.monotonic()
        if due or now - self._last >= _LINE_EVERY_SECONDS:
            self._last = now
            self.show(line)

    def show(self, line: str) -> None:
        """Print a line."""
        print(line, flush=True)


class LiveDisplay(LineDisplay):
    """A bar for the study and one for its current step, finished steps above them."""

    def __init__(self, console: Console, progress: Progress) -> None:
        super().__init__()
        self._console = console
        self._progress = progress
        self._whole: TaskID | None = None
        self._part = progress.add_task("", total=None, note="")

    def begins(self, step: Step, number: int, num: int, *, goes_on: bool) -> None:
        """As `StudyWatcher.begins`."""
        super().begins(step, number, num, goes_on=goes_on)
        if self._whole is None:
            self._whole = self._progress.add_task("study", total=num, note="")
        self._progress.update(self._whole, completed=number - 1, total=num)
        self._progress.reset(self._part, total=None, description=f"{step.kind} {step.name}", note="")

    def finished(self, step: Step, seconds: float) -> None:
        """As `StudyWatcher.finished`."""
        super().finished(step, seconds)
        if self._whole is not None:
            self._progress.advance(self._whole)

    def stage(self, name: str, num_done: int, num: int) -> None:
        """As `StudyWatcher.stage`."""
        self._progress.update(self._part, completed=num_done, total=num, note=name)

    def stepped(self, step: int, metrics: Metrics) -> None:
        """As `Watcher.stepped`."""
        self._progress.update(self._part, completed=step, total=self._num_steps, note=_values(metrics).lstrip(", "))

    def show(self, line: str) -> None:
        """Print it above the bars."""
        self._console.print(line, highlight=False)


@contextmanager
def open_display() -> Iterator[LineDisplay]:
    """One for the whole study."""
    console = Console()
    if not console.is_terminal:
        yield LineDisplay()
        return
    columns = (
        TextColumn("{task.description}", justify="left"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=console) as progress:
        yield LiveDisplay(console, progress)


def _values(metrics: Metrics) -> str:
    return "".join(f", {name} {metrics[key]:.3f}" for name, key in _SHOWN if key in metrics)
