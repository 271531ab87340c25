"""Early stopping and the best model, with an evaluator that says what it is told; adapters merged in the end."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from safetensors.torch import load_file
from training_runs import sft_config
from transformers import AutoModelForImageTextToText

from synergy.config.train import TrainConfig
from synergy.models.loading import load_model
from synergy.models.small_problem import dummy_tree
from synergy.models.trees import make_batch
from synergy.training.evaluate import Evaluation, Evaluator
from synergy.training.loop import Run
from synergy.training.prepare import prepare
from synergy.training.processes import Processes
from synergy.training.run_folder import RunFolder
from synergy.training.source import OnProgress
from synergy.training.state import EvaluationState
from synergy.training.watchers import Watchers


class ScriptedEvaluator(Evaluator):
    """Says these accuracies one after the other, and keeps the weights that it saw."""

    def __init__(self, accuracies: Sequence[float], model: torch.nn.Module) -> None:
        self.accuracies = list(accuracies)
        self.model = model
        self.seen: dict[int, dict[str, torch.Tensor]] = {}

    def is_due(self, step: int, num_steps: int) -> bool:
        return True

    def evaluate(self, step: int, on_progress: OnProgress | None = None) -> Evaluation:
        self.seen[step] = {name: parameter.detach().clone() for name, parameter in self.model.named_parameters()}
        return Evaluation(
            metrics={},
            accuracy=self.accuracies.pop(0),
            truncated_fraction=0.0,
            groups=(),
            generated_tokens=0,
            num_images=0,
            seconds=0.0,
        )


def _run(
    untrained: Path, out: Path, accuracies: Sequence[float], **evaluation: Any
) -> tuple[dict[str, Any], ScriptedEvaluator]:
    settings = sft_config(
        untrained,
        train={"num_steps": 6, "problems_per_step": 2, "checkpoint_every_steps": 1},
        evaluation={"every_steps": 1, **evaluation},
    )
    config = TrainConfig.model_validate_json(json.dumps(settings))
    parts = prepare(config, Processes())
    evaluator = ScriptedEvaluator(accuracies, parts.trainer.policy.loaded.model)
    parts = replace(parts, evaluator=evaluator)
    folder = RunFolder(out)
    folder.create(config)
    return Run(config, parts, folder, Watchers([])).run(), evaluator


def test_early_stopping_and_the_best_model(untrained: Path, tmp_path: Path):
    accuracies = [0.1, 0.2, 0.5, 0.5, 0.4, 0.9]
    summary, evaluator = _run(untrained, tmp_path / "out", accuracies, patience=2, keep="best")
    assert (summary["num_steps"], summary["stopped_early"], summary["model_of_step"]) == (4, True, 2)
    assert summary["evaluation"]["best_accuracy"] == 0.5
    model = AutoModelForImageTextToText.from_pretrained(tmp_path / "out/model")
    for name, parameter in model.named_parameters():
        assert torch.equal(parameter, evaluator.seen[2][name])
    assert any(not torch.equal(evaluator.seen[2][name], each) for name, each in evaluator.seen[4].items())
    newest = sorted((tmp_path / "out/checkpoints").glob("step_*"))[-1]  # holds its own copy of the best
    assert (newest / "best.safetensors").stat().st_size == (
        tmp_path / "out/checkpoints/best.safetensors"
    ).stat().st_size


def test_the_last_model_is_kept_unless_the_best_is_asked_for(untrained: Path, tmp_path: Path):
    summary, evaluator = _run(untrained, tmp_path / "out", [0.9, *[0.1] * 6])
    assert (summary["num_steps"], summary["stopped_early"], summary["model_of_step"]) == (6, False, 6)
    weights = load_file(tmp_path / "out/checkpoints/step_000006/weights.safetensors")
    assert all(torch.equal(each, evaluator.seen[6][name]) for name, each in weights.items())


def test_an_untrained_model_that_does_not_count_is_not_kept(untrained: Path, tmp_path: Path):
    summary, _ = _run(
        untrained, tmp_path / "out", [0.9, 0.1, 0.5, 0.4, 0.3], patience=2, keep="best", first_step_kept=2
    )
    assert (summary["num_steps"], summary["model_of_step"]) == (4, 2)
    assert summary["evaluation"]["best_accuracy"] == 0.5
    with pytest.raises(ValidationError, match="a step of the run"):
        _run(untrained, tmp_path / "other", [], first_step_kept=7)


def test_an_equal_accuracy_is_no_gain():
    state = EvaluationState()
    for step, accuracy in enumerate([0.3, 0.5, 0.5, 0.2, 0.6]):
        state = state.after(step, accuracy, 0.0)
    assert (state.best_step, state.best_accuracy, state.num_without_gain) == (4, 0.6, 0)
    assert EvaluationState().after(0, 0.5, 0.0).after(1, 0.5, 0.0).num_without_gain == 1


def test_an_adapter_starts_as_the_seed_says(untrained: Path):
    pytest.importorskip("peft")
    found = []
    for seed in (0, 0, 1):
        settings = sft_config(untrained, model={"lora": {"rank": 2, "alpha": 4.0}}, seed=seed)
        parts = prepare(TrainConfig.model_validate_json(json.dumps(settings)), Processes())
        found.append(torch.cat([parameter.flatten() for parameter in parts.trainer.policy.trained.values()]))
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_an_adapter_is_merged_into_the_model(untrained: Path, tmp_path: Path):
    pytest.importorskip("peft")
    lora = {"rank": 2, "alpha": 4.0}
    settings = sft_config(untrained, model={"lora": lora}, optimizer={"learning_rate": 0.05}, train={"num_steps": 2})
    config = TrainConfig.model_validate_json(json.dumps(settings))
    parts = prepare(config, Processes())
    folder = RunFolder(tmp_path / "out")
    folder.create(config)
    policy = parts.trainer.policy
    batch = make_batch([dummy_tree(policy.loaded.renderer)])
    Run(config, parts, folder, Watchers([])).run()
    assert all(".lora_" in name for name in load_file(folder.checkpoints / "step_000002/weights.safetensors"))
    merged = load_model(config.model.model_copy(update={"checkpoint": str(folder.model), "lora": None}))
    base = load_model(config.model.model_copy(update={"lora": None}))
    with torch.no_grad():
        found, initial = merged.policy(batch).logprobs, base.policy(batch).logprobs
        expected = policy.policy(batch).logprobs
    assert torch.allclose(found, expected, atol=1e-5)
    assert (found - initial).abs().max() > 1e-3
