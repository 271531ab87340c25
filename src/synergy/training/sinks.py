"""Experiment trackers that get a run's metrics beside metrics.jsonl, which alone is read back."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from synergy.config.resolve import resolved
from synergy.config.train import TrainConfig
from synergy.training.watchers import Metrics, Start, Watcher


class TrackerSink:
    """A tracker with wandb's interface: wandb itself, or trackio."""

    def __init__(self, package: str, project: str, config: TrainConfig) -> None:
        self._tracker: Any = import_module(package)
        self._project = project
        self._config = resolved(config)
        self._run: Any = None

    def started(self, start: Start) -> None:
        """Open the tracker's run under the folder's name, or go on with it."""
        # wandb goes on with a run of the same id, trackio with one of the same name
        identity = {"id": start.run} if self._tracker.__name__ == "wandb" else {}
        self._run = self._tracker.init(
            project=self._project, name=start.run, config=self._config, resume="allow", **identity
        )

    def sampling(self, num_responses: int, num_tokens: int) -> None:
        """Not tracked."""

    def stepped(self, step: int, metrics: Metrics) -> None:
        """Log the step."""
        self._run.log(dict(metrics), step=step)

    def evaluated(self, step: int, metrics: Metrics) -> None:
        """Log the evaluation."""
        self._run.log(dict(metrics), step=step)

    def ended(self, message: str) -> None:
        """Close the tracker's run."""
        if self._run is not None:
            self._run.finish()


class TensorboardSink:
    """Event files in the run folder; after an interruption, steps that come again replace the earlier ones."""

    def __init__(self, folder: Path) -> None:
        self._make: Callable[..., Any] = import_module("torch.utils.tensorboard").SummaryWriter
        self._folder = folder
        self._writer: Any = None

    def started(self, start: Start) -> None:
        """Open a file that purges what comes after the steps already done."""
        self._writer = self._make(str(self._folder), purge_step=start.step + 1)

    def sampling(self, num_responses: int, num_tokens: int) -> None:
        """Not tracked."""

    def stepped(self, step: int, metrics: Metrics) -> None:
        """Write one point per metric."""
        for name, value in metrics.items():
            self._writer.add_scalar(name, value, step)
        self._writer.flush()

    def evaluated(self, step: int, metrics: Metrics) -> None:
        """As a step's."""
        self.stepped(step, metrics)

    def ended(self, message: str) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()


def open_sinks(config: TrainConfig, folder: Path) -> list[Watcher]:
    """The sinks that the config asks for; their packages were checked before (`checks.check_sinks`)."""
    sinks: list[Watcher] = []
    if config.sinks.trackio is not None:
        sinks.append(TrackerSink("trackio", config.sinks.trackio, config))
    if config.sinks.wandb is not None:
        sinks.append(TrackerSink("wandb", config.sinks.wandb, config))
    if config.sinks.tensorboard:
        sinks.append(TensorboardSink(folder / "tensorboard"))
    return sinks
