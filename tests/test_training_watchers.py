"""What a person and a tracker see of a run."""

import io
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rich.console import Console
from training_runs import grpo_config

from synergy.cli.train_display import LiveDisplay, PlainDisplay, shown_metrics
from synergy.config.train import TrainConfig
from synergy.training.run_folder import RunFolder
from synergy.training.sinks import open_sinks
from synergy.training.watchers import Start

METRICS = {
    "reward/mean": 0.5,
    "score/accuracy": 0.25,
    "response/length_tokens": 42.0,
    "response/truncated_fraction": 0.125,
    "sampling/entropy": 1.5,
    "kl/value": 0.01,
    "policy/clipped_low_fraction": 0.01,
    "policy/clipped_high_fraction": 0.02,
    "time/tokens_per_second": 1234.0,
    "gradient/norm": 3.0,
}
START = Start(run="out", step=2, num_steps=4, notes=["goes on after step 2"])
SUMMARY = {"evaluation": {"last_accuracy": 0.5}, "stopped_early": False, "model_of_step": 4}


def _config(**sections: Any) -> TrainConfig:
    settings = grpo_config(Path("somewhere"), train={"updates_per_sampling": 2}, **sections)
    return TrainConfig.model_validate(settings, strict=False)


def test_the_shown_metrics():
    shown = shown_metrics(METRICS, _config())
    assert shown["reward"] == "0.500"
    assert shown["accuracy"] == "25.0%"
    assert shown["clipped"] == "3.00%"
    assert shown["truncated"] == "12.5%"
    assert shown["KL"] == "0.0100"
    assert "loss" not in shown


def test_plain_lines(capsys: pytest.CaptureFixture[str]):
    display = PlainDisplay(_config())
    display.started(START)
    display.stepped(3, METRICS)
    display.evaluated(3, {"evaluation/accuracy": 0.5, "evaluation/truncated_fraction": 0.0})
    display.summarise(RunFolder(Path("out")), SUMMARY)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "goes on after step 2"
    assert lines[1].startswith("step 3/4: reward 0.500, accuracy 25.0%, response tokens 42, truncated 12.5%")
    assert lines[1].endswith("left 0:00:00")
    assert lines[2] == "step 3/4: evaluation: accuracy 50.0%, truncated 0.0%"
    assert lines[3] == "out/model: the model of step 4, accuracy 50.0% after the last step"


def test_the_live_display():
    text = io.StringIO()
    display = LiveDisplay(Console(file=text, force_terminal=True, width=200), _config())
    display.started(START)
    display.sampling(7, 300)
    display.stepped(3, METRICS)
    display.evaluated(3, {"evaluation/accuracy": 0.5})
    display.ended("finished")
    display.ended("stopped")  # once is enough
    shown = text.getvalue()
    assert "reward" in shown
    assert "25.0%" in shown
    assert "3/4" in shown
    assert "finished" in shown
    assert "stopped" not in shown


class FakeTracker(ModuleType):
    """Keeps what a tracker is told."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.told: list[Any] = []

    def init(self, **settings: Any) -> "FakeTracker":
        self.told.append(settings)
        return self

    def log(self, metrics: dict[str, float], step: int) -> None:
        self.told.append((step, metrics))

    def finish(self) -> None:
        self.told.append("finished")


@pytest.mark.parametrize("name", ["wandb", "trackio"])
def test_trackers_are_told(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    tracker = FakeTracker(name)
    monkeypatch.setitem(sys.modules, name, tracker)
    (sink,) = open_sinks(_config(sinks={name: "study"}), tmp_path)
    sink.started(START)
    sink.stepped(3, METRICS)
    sink.evaluated(3, {"evaluation/accuracy": 0.5})
    sink.ended("finished")
    opened, *told = tracker.told
    assert (opened["project"], opened["name"]) == ("study", "out")
    assert opened["config"]["algorithm"]["name"] == "grpo"
    assert told == [(3, METRICS), (3, {"evaluation/accuracy": 0.5}), "finished"]


def test_tensorboard_forgets_steps_that_come_again(tmp_path: Path):
    accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    for first in (0, 2):  # the second start goes on after step 2
        (sink,) = open_sinks(_config(sinks={"tensorboard": True}), tmp_path)
        sink.started(Start(run="out", step=first, num_steps=4, notes=[]))
        for step in range(first + 1, 4):
            sink.stepped(step, {"reward/mean": float(first)})
        sink.ended("stopped")
    found = accumulators.EventAccumulator(str(tmp_path / "tensorboard"))
    found.Reload()
    assert [(event.step, event.value) for event in found.Scalars("reward/mean")] == [(1, 0.0), (2, 0.0), (3, 2.0)]
