"""The open-ended term: its formula, what a scorer is asked, the exact scorer and the reference that can be beaten."""

import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from rewards_cases import OPENLY, opened, problem, rewarded, said

from synergy.config.data import FileDataConfig
from synergy.config.reward import OpenEndedConfig, RewardConfig
from synergy.config.scorer import ExactScorerConfig
from synergy.data.load import open_data
from synergy.grading.rewards.open_ended import open_ended_reward
from synergy.grading.scorer import ScoredText, Scorer
from synergy.grading.scorers_exact import ExactScorer
from synergy.pocket.export import export
from synergy.pocket.world import items, make_item
from synergy.records import AnswerKind, StopReason
from synergy.training.scorers import open_scorer

OPEN = problem("open", "a dog", reference="an animal")
CONFIG = RewardConfig(gate="answer", open_ended=OPENLY)


class ScriptedScorer:
    """Scores by a table and keeps what it was asked."""

    def __init__(self, scores: Mapping[str, float | None]) -> None:
        self.scores = scores
        self.asked: list[str] = []

    def score(self, items: Sequence[ScoredText]) -> list[float | None]:
        self.asked += [item.text for item in items]
        return [self.scores[item.text] for item in items]


def test_the_formula():
    assert open_ended_reward(8.0, 3.0, 0.2) == pytest.approx(1 - math.exp(-1))
    assert open_ended_reward(5.76, -2.84, 0.2) == pytest.approx(0.8209, abs=1e-4)
    assert open_ended_reward(3.0, 3.0, 0.2) == 0.0
    assert open_ended_reward(-9.0, 3.0, 0.2) == 0.0


def test_better_than_the_reference_earns():
    scorer = ScriptedScorer({"an animal": 1.0, "a dog": 3.5, "a cat": 0.0})
    found = rewarded(opened(CONFIG, scorer), OPEN, said("a dog"), said("a cat"), said("an animal"), "a dog")
    assert [each.reward for each in found] == pytest.approx([1 - math.exp(-0.5), 0.0, 0.0, 0.0])
    assert found[0].reward_parts == {"open_ended": found[0].reward}
    assert found[3].reward_parts == {"open_ended": 0.0, "gate": 0.0}


def test_each_text_is_asked_for_once_and_references_are_remembered():
    scorer = ScriptedScorer({"an animal": 1.0, "a dog": 3.5})
    rewards = opened(CONFIG, scorer)
    for _ in range(2):
        rewarded(rewards, OPEN, said("a dog"), said("a dog"), said("a dog"))
    assert scorer.asked == ["a dog", "an animal", "a dog"]


def test_without_a_reference_the_answer_is_one():
    scorer = ScriptedScorer({"a dog": 1.0, "a hound": 2.0})
    (found,) = rewarded(opened(CONFIG, scorer), problem("open", "a dog"), said("a hound"))
    assert found.reward == pytest.approx(1 - math.exp(-0.2))


def test_a_fixed_reference_score():
    scored = OPENLY.model_copy(update={"reference_score": 2.0, "beta": 1.0})
    scorer = ScriptedScorer({"a dog": 3.0})
    (found,) = rewarded(opened(RewardConfig(open_ended=scored), scorer), OPEN, said("a dog"))
    assert found.reward == pytest.approx(1 - math.exp(-1))
    assert scorer.asked == ["a dog"]


@pytest.mark.parametrize("missing", [None, math.nan, math.inf])
def test_a_score_that_is_missing_leaves_the_attempt_unscored(missing: float | None, caplog: pytest.LogCaptureFixture):
    rewards = opened(CONFIG, ScriptedScorer({"an animal": 1.0, "a dog": missing, "a cat": 2.0}))
    with caplog.at_level(logging.WARNING):
        dog, cat = rewarded(rewards, OPEN, said("a dog"), said("a cat"))
    assert dog.reward is None
    assert dog.reward_parts == {}
    assert cat.reward == pytest.approx(1 - math.exp(-0.2))
    assert "1 of 2 open-ended answers have no score" in caplog.text


def test_a_missing_reference_score_is_asked_for_again():
    scores: dict[str, float | None] = {"an animal": None, "a dog": 2.0}
    rewards = opened(CONFIG, ScriptedScorer(scores))
    assert rewarded(rewards, OPEN, said("a dog"))[0].reward is None
    scores["an animal"] = 1.0
    assert rewarded(rewards, OPEN, said("a dog"))[0].reward == pytest.approx(1 - math.exp(-0.2))


def test_nothing_is_asked_about_no_answer_a_failed_attempt_or_other_kinds():
    scorer = ScriptedScorer({})
    rewards = opened(CONFIG, scorer)
    assert rewarded(rewards, OPEN, "", said("word " * 2500))[1].reward == 0.0
    assert rewarded(rewards, OPEN, said("a dog"), stop_reason=StopReason.FAILED)[0].reward is None
    assert rewarded(rewards, problem("digit", "3"), said("3"))[0].reward_parts == {"accuracy": 1.0}
    assert scorer.asked == []


# ---- the pocket


def test_the_pockets_reference_is_a_caption_with_a_third_of_the_cells_wrong():
    for item in items("train", 20, families=("describe",)):
        asked = item.problem()
        assert asked.reference is not None
        assert asked.reference == item.problem().reference
        gold, hurried = (text.replace(";", ",").split(", ") for text in (asked.answer, asked.reference))
        assert len(gold) == len(hurried)
        assert sum(one != other for one, other in zip(gold, hurried, strict=True)) == len(gold) // 3
        assert {cell for row in hurried for cell in row.split(",")} - {""}


def test_the_reference_comes_along_in_files(tmp_path: Path):
    found = items("train", 2, families=("describe", "count"))
    list(export(iter(found), tmp_path, "train"))
    examples = open_data(FileDataConfig(source="file", path=tmp_path / "train.parquet"))
    assert [examples[index].problem.reference for index in range(2)] == [found[0].problem().reference, None]


def test_other_families_have_no_reference():
    assert make_item("train", "count", 1, 0).problem().reference is None


def test_the_exact_scorer_counts_true_statements():
    asked = problem("cells", "1, 2; 3, 4")
    scorer = open_scorer(ExactScorerConfig(kind="exact"))
    assert isinstance(scorer, Scorer)
    texts = ["1, 2; 3, 4", "1, 2; 3, 5", "9, 9; 9, 9", "1, 2; 3, 4; 5, 6; 7, 8"]
    assert scorer.score([ScoredText(problem=asked, text=text) for text in texts]) == pytest.approx([10, 7.5, 0, 5])
    assert ExactScorer(4.0).score([ScoredText(problem=asked, text=texts[1])]) == [3.0]


def test_describe_earns_by_how_far_it_beats_the_hurried_caption():
    asked = make_item("train", "describe", 1, 0).problem()  # nine cells, three of them wrong in the reference
    scored = OpenEndedConfig(scorer=ExactScorerConfig(kind="exact"), kinds=(AnswerKind.CELLS,))
    assert asked.reference is not None
    nearly = asked.answer.rpartition(",")[0] + ", 7" if asked.answer[-1] != "7" else asked.answer[:-1] + "8"
    texts = [said(text) for text in (asked.answer, nearly, asked.reference)]
    found = rewarded(RewardConfig(gate="answer", open_ended=scored), asked, *texts)
    right, eight_ninths = 1 - math.exp(-0.2 * 10 * 3 / 9), 1 - math.exp(-0.2 * 10 * 2 / 9)
    assert [each.reward for each in found] == pytest.approx([right, eight_ninths, 0.0])
