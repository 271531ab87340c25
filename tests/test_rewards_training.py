"""A run with the second study's mixed reward: its terms in the metrics and in the rollouts, plug-ins, resuming."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from rewards_cases import OPENLY, SECOND_STUDY, attempted, opened, problem, said
from training_runs import grpo_config, metric_lines, write_config

from synergy.cli import run
from synergy.config.kinds import load_any
from synergy.config.reward import RewardConfig
from synergy.config.scorer import ExactScorerConfig
from synergy.config.train import TrainConfig
from synergy.errors import FileError
from synergy.prompts import ANSWER_TAGS
from synergy.training.metrics import merge_metrics, summarise
from synergy.training.prepare import prepare
from synergy.training.processes import Processes
from synergy.training.reward_metrics import reward_metrics
from synergy.training.rewards import graded, open_rewards
from synergy.training.rollout_metrics import rollout_metrics

MIXED = Path(__file__).parents[1] / "examples" / "configs" / "pocket_mixed.yaml"
SMALL = {
    "train.num_steps": 2,
    "train.problems_per_step": 6,
    "train.samples_per_problem": 2,
    "train.checkpoint_every_steps": 1,
    "sampling.max_tokens": 96,
    "evaluation.every_steps": 2,
    "evaluation.num_problems": 6,
    "data.levels": [1],
    "data.num_problems": 6,  # one of each family, so that every step has them all
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small steps of the shipped config, with the shipped model, which answers one problem of each family."""
    out = tmp_path_factory.mktemp("mixed") / "out"
    settings = [f"--set={path}={json.dumps(value)}" for path, value in SMALL.items()]
    assert run(["train", str(MIXED), "--out", str(out), *settings]) == 0
    return out


def test_the_metrics_show_every_term_and_both_curves(finished: Path):
    lines = metric_lines(finished)
    assert len(lines) == 2
    for line in lines:
        for name in ("accuracy", "open_ended", "perception", "cognition", "gated_fraction"):
            assert 0 <= line[f"reward/{name}"] <= 1
        # captions are one of six families; count, locate and describe are perception
        mean = (5 * line["reward/accuracy"] + line["reward/open_ended"]) / 6
        assert line["reward/mean"] == pytest.approx(mean)
        assert line["reward/mean"] == pytest.approx((line["reward/perception"] + line["reward/cognition"]) / 2)
    for line in metric_lines(finished, "evaluation"):
        assert {"evaluation/reward", "evaluation/reward_accuracy", "evaluation/reward_open_ended"} <= set(line)
        assert {"evaluation/reward_perception", "evaluation/reward_cognition"} <= set(line)
        assert "evaluation/reward_group_std" not in line


def test_the_rollouts_show_what_each_attempt_earned(finished: Path):
    for path in sorted((finished / "rollouts").glob("*.parquet")):
        rows = pq.read_table(path).to_pylist()
        assert len(rows) == 6
        parts = [json.loads(row["reward_parts"]) for row in rows]
        assert sum("open_ended" in each for each in parts) == 1
        for row, each in zip(rows, parts, strict=True):
            assert math.fsum(each.values()) == pytest.approx(row["reward"])


def test_the_pocket_model_beats_the_hurried_caption(finished: Path):
    """Or the open-ended term would be 0 throughout, and the example would show nothing."""
    lines = metric_lines(finished) + metric_lines(finished, "evaluation")
    assert max(line.get("reward/open_ended", line.get("evaluation/reward_open_ended", 0.0)) for line in lines) > 0.1


def test_the_resolved_config_loads_again(finished: Path):
    config = load_any(finished / "config.json")
    assert isinstance(config, TrainConfig)
    assert config.reward.open_ended is not None
    assert config.reward.open_ended.scorer == ExactScorerConfig(kind="exact")
    assert run(["train", str(finished / "config.json"), "--out", str(finished)]) == 0  # finished: nothing to do


def test_plug_ins_learn_the_step_also_after_a_resume(
    untrained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    seen = tmp_path / "seen.txt"
    (tmp_path / "own.py").write_text(
        "from pathlib import Path\n"
        f"SEEN = Path({str(seen)!r})\n"
        "def f(completions, trainer_state, **kwargs):\n"
        "    before = SEEN.read_text() if SEEN.exists() else ''\n"
        "    SEEN.write_text(f'{before}{trainer_state.global_step} ')\n"
        "    if before == '0 ':\n"
        "        raise OSError('the disk is full')\n"
        "    return [0.5] * len(completions)\n"
    )
    reward = {"functions": [{"path": f"{tmp_path / 'own.py'}:f", "call": "trl"}]}
    config = write_config(tmp_path, grpo_config(untrained, reward=reward, train={"num_steps": 2}))
    command = ["train", str(config), "--out", str(tmp_path / "out")]
    assert run(command) == 2
    assert "own.py:f: failed (OSError: the disk is full)" in capsys.readouterr().err
    assert run(command) == 0
    assert seen.read_text().split() == ["0", "1", "1"]
    assert [line["reward/own.f"] for line in metric_lines(tmp_path / "out")] == [0.5, 0.5]


def test_a_missing_plug_in_is_said_before_the_model_is_loaded(tmp_path: Path):
    reward = {"functions": [{"path": "gone.py:f", "call": "verl"}]}
    config = load_any(write_config(tmp_path, grpo_config(tmp_path / "no-model", reward=reward)))
    assert isinstance(config, TrainConfig)
    with pytest.raises(FileError, match="there is no such file"):
        prepare(config, Processes())


# ---- metrics by hand


def _metrics(config: RewardConfig, *groups: Any) -> dict[str, float]:
    found = graded(groups, ANSWER_TAGS, opened(config))
    # as over processes and rounds: merged sums and counts, no mean of means
    return summarise(merge_metrics([reward_metrics([group], config) for group in found]))


def test_curves_are_means_over_attempts_not_over_groups():
    count, number = problem("digit", "3"), problem("number", "7")
    unlabelled, unscored = problem("text", "Paris"), problem("digit", "many")
    groups = [
        attempted(count, said("3"), said("4"), said("4")),
        attempted(problem("box", "[0.1, 0.2, 0.7, 0.5]"), said("[0.1, 0.2, 0.4, 0.5]")),
        attempted(number, said("7"), "7"),
        attempted(unlabelled, said("Paris")),
        attempted(unscored, said("3")),
    ]
    found = _metrics(SECOND_STUDY, *groups)
    assert found["reward/perception"] == pytest.approx(1.5 / 4)
    assert found["reward/cognition"] == pytest.approx(0.5)
    assert found["reward/accuracy"] == pytest.approx((1.5 + 1 + 1) / 7)
    assert found["reward/gated_fraction"] == pytest.approx(1 / 7)
    assert "reward/gate" not in found
    assert "reward/open_ended" not in found


def test_a_term_is_averaged_over_those_that_have_it():
    cells = problem("cells", "1, 2", reference="1, 3")
    found = _metrics(SECOND_STUDY, attempted(cells, said("1, 2"), ""), attempted(problem("digit", "3"), said("3")))
    assert found["reward/open_ended"] == pytest.approx((1 - math.exp(-1)) / 2)
    assert found["reward/accuracy"] == 1.0
    assert found["reward/perception"] == pytest.approx((2 - math.exp(-1)) / 3)


def test_opening_rewards_opens_what_they_name():
    assert open_rewards(RewardConfig()).open_ended is None
    rewards = open_rewards(RewardConfig(open_ended=OPENLY))
    assert rewards.values_openly(problem("open", "a"))
    assert not rewards.values_openly(problem("digit", "1"))
    assert np.isclose(rewards.config.accuracy, 1.0)


def test_errors_are_over_problems_and_merge():
    one, two = problem("number", "1"), problem("number", "2")
    groups = [attempted(one, said("1"), said("9")), attempted(two, said("2"), said("2"))]
    found = graded(groups, ANSWER_TAGS, opened(RewardConfig(accuracy=2.0)))
    together = summarise(rollout_metrics(found))
    # pass rates ½ and 1: their deviation over problems is √⅛, so that of their mean is ¼; rewards are twice that
    assert together["score/standard_error"] == pytest.approx(0.25)
    assert together["reward/standard_error"] == pytest.approx(0.5)
    assert together["reward/correlation"] == pytest.approx(1.0)
    assert summarise(merge_metrics([rollout_metrics([group]) for group in found])) == pytest.approx(together)
    assert not any(name.startswith("problem/") for name in together)
    assert "reward/standard_error" not in summarise(rollout_metrics(found[:1]))
