"""What foretells RL: measures by hand, rank correlations, which runs went on from which, planted orders."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synergy.config.data import PocketDataConfig
from synergy.config.load import build
from synergy.config.resolve import write_resolved
from synergy.config.train import TrainConfig
from synergy.diagnostics.descents import Descent, descents
from synergy.diagnostics.foresight.measures import group_variances, mean_surprise, pass_rates
from synergy.diagnostics.foresight.predictors import measures_of, order_verdict
from synergy.diagnostics.foresight.promises import Promise, shared_sets
from synergy.diagnostics.held_out import held_out_data
from synergy.diagnostics.subject import Subject
from synergy.diagnostics.trajectory import longest_trajectory
from synergy.errors import InputError
from synergy.statistics.rank_correlation import spearman


def config(kind: str, *, steps: int = 2, checkpoint: str = "pocket", **data: Any) -> TrainConfig:
    values = {
        "kind": "train",
        "model": {"checkpoint": checkpoint},
        "data": {"source": "pocket", "num_problems": 9, **data},
        "prompt": "boxed",
        "algorithm": {"name": kind},
        "optimizer": {"learning_rate": 1e-3},
        "train": {"num_steps": steps, "problems_per_step": 4, "samples_per_problem": 2},
    }
    return build(TrainConfig, values, label="test")


def run(folder: Path, made_by: TrainConfig) -> Path:
    folder.mkdir(parents=True)
    write_resolved(made_by, folder / "config.json")
    return folder


def test_pass_at_k_is_without_bias_and_only_for_k_up_to_the_samples():
    found = pass_rates(np.array([1, 0, 4]), 4, (1, 2, 8))
    assert found == {1: pytest.approx((0.25 + 0 + 1) / 3), 2: pytest.approx((0.5 + 0 + 1) / 3)}


def test_the_variance_of_a_group_by_hand():
    found = group_variances(np.array([0, 2, 4]), 4, 8)
    # 2 of 4 right: p(1 − p) is 2 · 2 / (4 · 3) without bias
    np.testing.assert_allclose(found, [0, 1 / 3 * 7 / 8, 0])


def test_the_variance_of_a_group_has_no_bias():
    rng = np.random.default_rng(0)
    found = group_variances(rng.binomial(6, 0.2, 200_000), 6, 4)
    assert found.mean() == pytest.approx(0.2 * 0.8 * 3 / 4, abs=1e-3)


def test_surprise_is_a_mean_over_tokens():
    assert mean_surprise(np.array([3.0, 1.0]), np.array([3, 5])) == 0.5


def test_rank_correlation_by_hand():
    found = spearman([1, 2, 3, 4, 5], [2, 1, 4, 3, 5])
    assert found.estimate == pytest.approx(1 - 6 * 4 / (5 * 24))
    half = 1.959964 * math.sqrt((1 + 0.8**2 / 2) / 2)
    assert (found.low, found.high) == pytest.approx(
        (math.tanh(math.atanh(0.8) - half), math.tanh(math.atanh(0.8) + half))
    )
    assert math.isnan(spearman([1, 1, 1, 1], [1, 2, 3, 4]).estimate)
    three = spearman([1, 2, 3], [3, 2, 1])
    assert three.estimate == -1
    assert math.isnan(three.low)
    with pytest.raises(InputError, match="at least two"):
        spearman([1], [1])


def test_rank_intervals_hold_what_they_promise():
    rng = np.random.default_rng(1)
    pairs = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], (2000, 12))
    truth = 6 / math.pi * math.asin(0.3)  # Spearman's of a normal distribution with correlation 0.6
    inside = [each.low <= truth <= each.high for each in (spearman(pair[:, 0], pair[:, 1]) for pair in pairs)]
    assert 0.925 < np.mean(inside) < 0.99


def test_which_runs_went_on_from_which(tmp_path: Path):
    sft = run(tmp_path / "train-a", config("sft"))
    other = run(tmp_path / "train-b", config("sft", steps=5))
    rl = run(tmp_path / "train-c", config("grpo", checkpoint=str(tmp_path / "elsewhere/train-a/model")))
    plain = run(tmp_path / "train-d", config("grpo"))
    subjects = [
        Subject(name="sft", runs=(sft,)),
        Subject(name="longer", runs=(other,)),
        Subject(name="both", runs=(sft, rl)),
        Subject(name="merged", runs=(sft, plain)),  # RL from the base model: no descent
        Subject(name="rl", runs=(plain,)),
    ]
    (found,) = descents(subjects)
    assert (found.sft.name, found.rl.name, found.num_seen) == ("sft", "both", 8)


def test_a_trajectory_differs_in_steps_alone(tmp_path: Path):
    rl = config("grpo")

    def descent(name: str, made_by: TrainConfig) -> Descent:
        return Descent(sft=Subject(name=name), rl=Subject(name=f"{name}_rl"), sft_config=made_by, rl_config=rl)

    found = [
        descent("late", config("sft", steps=9)),
        descent("short", config("sft", trace="short")),
        descent("early", config("sft", steps=1)),
    ]
    assert [each.sft.name for each in longest_trajectory(found)] == ["early", "late"]


def test_held_out_problems_are_the_validation_split_or_what_the_run_evaluates_on():
    found = held_out_data(config("grpo", trace="short"), 5)
    assert isinstance(found, PocketDataConfig)
    assert (found.split, found.num_problems, found.trace) == ("validation", 5, "short")
    stated = build(
        TrainConfig,
        config("grpo").model_dump(mode="json")
        | {"evaluation": {"every_steps": 1, "data": {"source": "pocket", "num_problems": 3, "split": "evaluation"}}},
        label="test",
    )
    found = held_out_data(stated, 5)
    assert found is not None
    assert found.num_problems == 3


def promise(loss: float, sft: float, rl: float) -> Promise:
    descent = Descent(sft=Subject(name="a"), rl=Subject(name="b"), sft_config=config("sft"), rl_config=config("grpo"))
    return Promise(
        descent=descent,
        trace_loss=loss,
        pass_at={1: sft, 8: 1 - loss},
        entropy=0.1,
        group_variance=0.0,
        after_sft={"pocket": sft, "more": 0.0},
        after_rl={"pocket": rl},
    )


def test_measures_are_laid_side_by_side():
    found = [promise(0.5, 0.1, 0.2), promise(0.4, 0.2, 0.3)]
    assert shared_sets(found) == ["pocket"]
    measures = measures_of(found, "pocket")
    assert measures["held-out trace loss"] == [0.5, 0.4]
    assert measures["pass@8"] == [0.5, 0.6]
    assert measures["accuracy after SFT"] == [0.1, 0.2]


def test_planted_orders_are_named():
    rising = [index / 10 for index in range(8)]
    assert order_verdict(rising, rising)[0] == "kept"
    word, because = order_verdict(rising, rising[::-1])
    assert word == "turns over"
    assert "28 of 28 pairs change places" in because
    assert "70.0 points below" in because
    mixed = [0.3, 0.1, 0.4, 0.1, 0.5, 0.9, 0.2, 0.6]
    assert order_verdict(rising, [mixed[index] for index in (7, 2, 0, 4, 1, 6, 3, 5)])[0] == "open"
