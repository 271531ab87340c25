"""The reward's section: what it refuses, what may stand in it, its labels."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from training_runs import grpo_config, write_config

from synergy.config.kinds import load_any
from synergy.config.load import load
from synergy.config.reward import RewardConfig
from synergy.config.scorer import HttpScorerConfig, HuggingFaceScorerConfig
from synergy.config.train import TrainConfig
from synergy.errors import InputError
from synergy.records import AnswerKind

EXAMPLES = Path(__file__).parents[1] / "examples" / "configs"


def _refusal(folder: Path, **sections: Any) -> str:
    with pytest.raises(InputError) as caught:
        load(write_config(folder, grpo_config(folder, **sections)), TrainConfig)
    assert "\n" not in str(caught.value)
    return str(caught.value)


_FUNCTION = {"path": "a.py:f", "call": "trl"}


@pytest.mark.parametrize(
    ("reward", "words"),
    [
        ({"accuracy": 0.0}, "expected one weight above 0"),
        ({"accuracy": 0.0, "functions": [{**_FUNCTION, "weight": -1.0}]}, "expected one weight above 0"),
        ({"score": 1.0}, "unknown key 'reward.score'"),
        ({"accuracy": -1.0}, "'reward.accuracy' is -1.0"),
        ({"gate": "answers"}, "(did you mean 'answer'?)"),
        ({"overlong": {"max_tokens": 4, "buffer_tokens": 5}}, "expected at most max_tokens 4"),
        ({"cosine": {"max_tokens": 4, "min_correct": 3.0}}, "expected each min at most its max"),
        ({"cosine": {"max_tokens": 4, "max_wrong": 1.0}}, "expected every right answer above every wrong one"),
        ({"functions": [{"path": "a.txt:f", "call": "trl"}]}, "'reward.functions.0.path' is 'a.txt:f'"),
        ({"functions": [{"path": "a.py:f", "call": "open"}]}, "'reward.functions.0.call' is 'open'"),
        ({"functions": [_FUNCTION, _FUNCTION]}, "two are called a.f"),
        ({"functions": [{**_FUNCTION, "name": "accuracy"}]}, "the name accuracy is taken"),
        ({"labels": {"boxes": "perception"}}, "reward.labels"),
        ({"labels": {"box": "vision"}}, "expected 'perception' or 'cognition'"),
        ({"open_ended": {}}, "missing key 'reward.open_ended.scorer'"),
        ({"open_ended": {"scorer": {"kind": "exactly"}}}, "(did you mean 'exact'?)"),
        ({"open_ended": {"scorer": {"kind": "exact"}, "kinds": []}}, "reward.open_ended.kinds"),
        ({"open_ended": {"scorer": {"kind": "exact"}}}, "expected kinds such as [cells]"),
        (
            {"accuracy": 0.0, "format": 1.0, "open_ended": {"scorer": {"kind": "exact"}, "kinds": ["cells"]}},
            "expected accuracy above 0",
        ),
        (
            {"open_ended": {"scorer": {"kind": "internlm_xcomposer", "checkpoint": "x"}}},
            "expected true: read that code",
        ),
    ],
)
def test_a_bad_reward_is_one_line(tmp_path: Path, reward: dict[str, Any], words: str):
    assert words in _refusal(tmp_path, reward=reward, algorithm={"overlong": None})


def test_length_is_punished_once(tmp_path: Path):
    message = _refusal(tmp_path, reward={"overlong": {"max_tokens": 4, "buffer_tokens": 2}})
    assert "reward.overlong with algorithm.overlong" in message


def test_every_scorer_can_be_said(tmp_path: Path):
    for scorer, cls in (
        ({"kind": "http", "url": "http://localhost:1"}, HttpScorerConfig),
        ({"kind": "huggingface", "checkpoint": "a/b"}, HuggingFaceScorerConfig),
    ):
        config = load(
            write_config(tmp_path, grpo_config(tmp_path, reward={"open_ended": {"scorer": scorer}})), TrainConfig
        )
        assert config.reward.open_ended is not None
        assert isinstance(config.reward.open_ended.scorer, cls)
        assert config.reward.open_ended.beta == 0.2


def test_rewards_import_no_torch():
    modules = "synergy.grading.rewards.compute, synergy.grading.scorers_http, synergy.grading.scorers_exact"
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_labels_are_by_kind_and_may_be_replaced():
    labels = RewardConfig().labels
    assert labels[AnswerKind.BOX] == labels[AnswerKind.CELLS] == labels[AnswerKind.DIGIT] == "perception"
    assert labels[AnswerKind.EXPRESSION] == labels[AnswerKind.NUMBER] == "cognition"
    assert AnswerKind.TEXT not in labels
    assert RewardConfig(labels={AnswerKind.TEXT: "cognition"}).labels == {AnswerKind.TEXT: "cognition"}


def test_the_mixed_example_is_the_second_studys_reward():
    config = load_any(EXAMPLES / "pocket_mixed.yaml")
    assert isinstance(config, TrainConfig)
    assert config.reward.gate == "answer"
    assert config.reward.format == 0
    assert config.reward.open_ended is not None
    assert config.reward.open_ended.kinds == (AnswerKind.CELLS,)
    assert config.prompt == "answer_tags"
