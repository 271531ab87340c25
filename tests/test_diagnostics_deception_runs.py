"""Evaluation on other sources while training, a watched run that ends at a warning, and goes on as if it had not."""

import json
from pathlib import Path

import pytest
from training_runs import grpo_config, metric_lines

from synergy.config.train import TrainConfig
from synergy.diagnostics.watching import watched
from synergy.training.loop import Run
from synergy.training.prepare import prepare
from synergy.training.processes import Processes
from synergy.training.run_folder import RunFolder
from synergy.training.watchers import Watchers


def make_config(untrained: Path, **watch: object) -> TrainConfig:
    """Attempts earn by being short, so everything is paid alike; the other source has fewer problems."""
    far = {"name": "far", "data": {"source": "pocket", "num_problems": 3, "families": ["chart"]}, "num_problems": 3}
    evaluation = {"every_steps": 1, "num_problems": 4, "samples_per_problem": 2, "out_of_source": [far]}
    values = grpo_config(untrained, evaluation=evaluation, watch={"deception": watch})
    return TrainConfig.model_validate(values, strict=False)


def run(config: TrainConfig, out: Path, said: list[str]) -> dict[str, object]:
    folder = RunFolder(out)
    prepared = prepare(config, Processes())
    folder.create(config)
    seen = watched(config, folder, Watchers([]), said.append)
    return Run(config, prepared, folder, seen.watcher, seen.is_to_stop).run()


def test_other_sources_are_evaluated_beside_the_own(untrained: Path, tmp_path: Path):
    run(make_config(untrained), tmp_path / "out", [])
    lines = metric_lines(tmp_path / "out", "evaluation")
    assert [line["step"] for line in lines] == [0, 1, 2, 3, 4]
    for line in lines:
        assert line["evaluation/num_attempts"] == 8
        assert line["evaluation/far/num_attempts"] == 6
        assert 0 <= line["evaluation/far/accuracy"] <= 1
        assert line["evaluation/far/length_tokens"] > 0
        assert line["evaluation/standard_error"] >= 0
        assert "problem/num" not in line
    state = json.loads((tmp_path / "out/checkpoints/step_000004/state.json").read_text())
    both = sum(8 * line["evaluation/length_tokens"] + 6 * line["evaluation/far/length_tokens"] for line in lines)
    assert state["ledger"]["evaluation_tokens"] == pytest.approx(both)


def test_a_watched_run_ends_where_it_is_told_to(untrained: Path, tmp_path: Path):
    # a negative tolerance takes the flat courses of this tiny run for a break
    config = make_config(untrained, stop=True)
    assert config.watch is not None
    assert config.watch.deception is not None
    eager = config.watch.deception.model_copy(update={"tolerance": -5.0})
    config = config.model_copy(update={"watch": config.watch.model_copy(update={"deception": eager})})
    said: list[str] = []
    summary = run(config, tmp_path / "out", said)
    assert summary["stopped_early"] is True
    assert summary["num_steps"] == 1
    assert len(said) >= 1
    warnings = json.loads((tmp_path / "out/warnings.json").read_text())["warnings"]
    assert {each["step"] for each in warnings} == {1}
    # killed before its model was written: it ends at once, without another step
    (tmp_path / "out/summary.json").unlink()
    assert run(config, tmp_path / "out", said)["num_steps"] == 1
