"""What a person sees of a training run: a live display in a terminal, plain lines elsewhere."""

import time
from typing import Any, Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from synergy.config.train import TrainConfig
from synergy.training.run_folder import RunFolder
from synergy.training.watchers import Metrics, Start, Watcher

#: what is shown of a step: name, metric, format
_SHOWN = (
    ("reward", "reward/mean", "{:.3f}"),
    ("accuracy", "score/accuracy", "{:.1%}"),
    ("loss", "nll/value", "{:.3f}"),
    ("response tokens", "response/length_tokens", "{:.0f}"),
    ("truncated", "response/truncated_fraction", "{:.1%}"),
    ("entropy", "sampling/entropy", "{:.3f}"),
    ("KL", "kl/value", "{:.4f}"),
    ("clipped", "policy/clipped_fraction", "{:.2%}"),
    ("zero signal", "policy/zero_signal_fraction", "{:.0%}"),
    ("gradient norm", "gradient/norm", "{:.2f}"),
    ("tokens/s", "time/tokens_per_second", "{:,.0f}"),
)


class Display(Watcher, Protocol):
    """A watcher that also passes warnings on and says how the run came out."""

    def warned(self, line: str) -> None:
        """Something that watches the run warns."""
        ...

    def summarise(self, folder: RunFolder, summary: dict[str, Any]) -> None:
        """Say where the model is and how it did."""
        ...


def open_display(config: TrainConfig) -> Display:
    """A live display in a terminal, plain lines elsewhere."""
    console = Console()
    return LiveDisplay(console, config) if console.is_terminal else PlainDisplay(config)


def shown_metrics(metrics: Metrics, config: TrainConfig) -> dict[str, str]:
    """The metrics that a person looks at, by name; those that say nothing in this run are left out."""
    values = dict(metrics)
    parts = ("policy/clipped_low_fraction", "policy/clipped_high_fraction")
    if config.train.updates_per_sampling > 1 and all(part in values for part in parts):
        values["policy/clipped_fraction"] = sum(values[part] for part in parts)
    if config.imitates:
        values.pop("policy/zero_signal_fraction", None)
    return {name: form.format(values[key]) for name, key, form in _SHOWN if key in values}


class _Clock:
    """Time left, from the mean of the steps of this start."""

    def __init__(self) -> None:
        self._began, self._first = time.monotonic(), 0

    def start(self, step: int) -> None:
        self._began, self._first = time.monotonic(), step

    def left(self, step: int, num_steps: int) -> str:
        done = step - self._first
        if done <= 0:
            return "?"
        seconds = round((time.monotonic() - self._began) / done * (num_steps - step))
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}"


class PlainDisplay:
    """One line a step."""

    def __init__(self, config: TrainConfig) -> None:
        self._config = config
        self._num_steps = config.train.num_steps
        self._clock = _Clock()

    def started(self, start: Start) -> None:
        """Notes, one a line."""
        self._clock.start(start.step)
        for note in start.notes:
            _say(note)

    def sampling(self, num_responses: int, num_tokens: int) -> None:
        """Nothing: a line is for a step."""

    def stepped(self, step: int, metrics: Metrics) -> None:
        """The step's line."""
        shown = ", ".join(f"{name} {value}" for name, value in shown_metrics(metrics, self._config).items())
        _say(f"step {step}/{self._num_steps}: {shown}, left {self._clock.left(step, self._num_steps)}")

    def evaluated(self, step: int, metrics: Metrics) -> None:
        """The evaluation's line."""
        _say(f"step {step}/{self._num_steps}: {_evaluation_text(metrics)}")

    def warned(self, line: str) -> None:
        """The warning's line."""
        _say(line)

    def ended(self, message: str) -> None:
        """Nothing: the summary or the error says it."""

    def summarise(self, folder: RunFolder, summary: dict[str, Any]) -> None:
        """The closing line."""
        _say(_summary_text(folder, summary))


class LiveDisplay:
    """A progress bar over a table of the last step's metrics."""

    def __init__(self, console: Console, config: TrainConfig) -> None:
        self._console = console
        self._config = config
        self._num_steps = config.train.num_steps
        self._clock = _Clock()
        self._metrics: dict[str, str] = {}
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left {task.fields[left]}"),
            TextColumn("{task.fields[doing]}"),
            console=console,
        )
        self._bar: TaskID | None = None
        self._live: Live | None = None

    def started(self, start: Start) -> None:
        """Draw it."""
        for note in start.notes:
            self._console.print(note, markup=False, highlight=False)
        self._clock.start(start.step)
        self._bar = self._progress.add_task(
            start.run, total=self._num_steps, completed=start.step, left="?", doing="starting"
        )
        self._live = Live(self._render(), console=self._console, refresh_per_second=4)
        self._live.start()

    def sampling(self, num_responses: int, num_tokens: int) -> None:
        """Show how far sampling is."""
        self._update(doing=f"sampled {num_responses} responses, {num_tokens:,} tokens")

    def stepped(self, step: int, metrics: Metrics) -> None:
        """Show the step."""
        self._metrics |= shown_metrics(metrics, self._config)
        self._update(completed=step, left=self._clock.left(step, self._num_steps), doing="")

    def evaluated(self, step: int, metrics: Metrics) -> None:
        """Keep the evaluation above the display."""
        self._console.print(f"step {step}: {_evaluation_text(metrics)}", markup=False, highlight=False)

    def warned(self, line: str) -> None:
        """Keep the warning above the display."""
        self._console.print(line, style="yellow", markup=False, highlight=False)

    def ended(self, message: str) -> None:
        """Leave the last state on the screen."""
        if self._live is not None:
            self._update(doing=message)
            self._live.stop()
            self._live = None

    def summarise(self, folder: RunFolder, summary: dict[str, Any]) -> None:
        """The closing line."""
        self._console.print(_summary_text(folder, summary), markup=False, highlight=False)

    def _update(self, **fields: Any) -> None:
        if self._bar is not None and self._live is not None:
            self._progress.update(self._bar, **fields)
            self._live.update(self._render())

    def _render(self) -> Group:
        table = Table(box=None, pad_edge=False)
        for name in self._metrics:
            table.add_column(name, justify="right")
        if self._metrics:
            table.add_row(*self._metrics.values())
        return Group(self._progress, table)


def _say(line: str) -> None:
    print(line, flush=True)


def _evaluation_text(metrics: Metrics) -> str:
    truncated = metrics.get("evaluation/truncated_fraction", 0.0)
    accuracy = metrics.get("evaluation/accuracy", 0.0)
    return f"evaluation: accuracy {accuracy:.1%}, truncated {truncated:.1%}"


def _summary_text(folder: RunFolder, summary: dict[str, Any]) -> str:
    accuracy = summary["evaluation"]["last_accuracy"]
    score = "" if accuracy is None else f", accuracy {accuracy:.1%} after the last step"
    early = ", stopped early" if summary["stopped_early"] else ""
    return f"{folder.model}: the model of step {summary['model_of_step']}{score}{early}"
