"""Forced budgets: the beginnings that force them, and what the shipped model makes of them."""

import json
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from synergy.config.load import build
from synergy.config.study_steps import EvaluateStepConfig
from synergy.diagnostics.budgets.beginnings import Beginnings
from synergy.diagnostics.budgets.budgets import cuts_below
from synergy.diagnostics.budgets.forcing import Forced, Forcing
from synergy.evaluation.config_set import config_set
from synergy.pocket.shipped import WEIGHTS
from synergy.prompts import ANSWER_TAGS, BOXED, PromptPreset

TOKENIZER: Any = AutoTokenizer.from_pretrained(str(WEIGHTS))
TEXT = "<think> row 1: 2, 3. 2 + 3 = 5. The answer is 5</think> \\boxed{5}"
THINKING = " row 1: 2, 3. 2 + 3 = 5. The answer is 5"


def ids(text: str) -> list[int]:
    return TOKENIZER(text, add_special_tokens=False)["input_ids"]


@pytest.mark.parametrize(("preset", "opening"), [(BOXED, "\\boxed{"), (ANSWER_TAGS, "<answer>")])
def test_thinking_is_cut_and_the_answer_opened(preset: PromptPreset, opening: str):
    beginnings = Beginnings(TOKENIZER, preset)
    num = beginnings.num_thinking_tokens(TEXT)
    assert num == len(ids(THINKING))
    cut = beginnings.cut(TEXT, 4)
    assert cut is not None
    assert TOKENIZER.decode(cut) == f"<think>{TOKENIZER.decode(ids(THINKING)[:4])}</think> {opening}"
    assert TOKENIZER.decode(beginnings.cut(TEXT, 0) or []) == f"<think></think> {opening}"
    assert beginnings.cut(TEXT, num) is None, "it is no longer than that"
    assert beginnings.cut("<think> never ends 1 2 3 4", 2) is not None


def test_the_end_of_thinking_is_taken_back():
    beginnings = Beginnings(TOKENIZER, BOXED)
    assert TOKENIZER.decode(beginnings.longer(TEXT) or []) == f"<think>{THINKING} Wait,"
    assert beginnings.longer("<think> never ends") is None


def test_budgets_below_nine_responses_in_ten():
    assert cuts_below([10] * 8 + [20, 40]) == [0, 8, 16]
    assert cuts_below([]) == []


def step(num_problems: int) -> EvaluateStepConfig:
    values = {
        "kind": "evaluate",
        "model": {"checkpoint": "step:model"},
        "is_tuned": True,
        "protocol": {
            "kind": "protocol",
            "name": "test",
            "source": "test",
            "asking": {"preset": "boxed"},
            "response": {"temperature": 1.0, "max_tokens": 60},
            "extraction": "preset",
        },
        "name": "pocket",
        "title": "Pocket",
        "data": {"source": "pocket", "split": "evaluation", "num_problems": num_problems, "families": ["count"]},
        "seed": 0,
        "problems_per_shard": 8,
    }
    return build(EvaluateStepConfig, values, label="test")


def test_the_model_goes_on_from_what_it_is_given(tmp_path: Path):
    config = step(4)
    problems = config_set(config.data, "pocket", "Pocket", is_instructed=False).texts()
    told: list[tuple[str, int, int]] = []
    forcing = Forcing(
        WEIGHTS,
        config,
        BOXED,
        num_problems=3,
        cache=tmp_path,
        on_progress=lambda words, num_done, num: told.append((words, num_done, num)),
    )
    own = [
        Forced(
            problem_id=each.id,
            run=run,
            text=TEXT,
            correct=False,
            num_thinking_tokens=len(ids(THINKING)),
            is_touched=False,
        )
        for each in problems[:3]
        for run in (0, 1)
    ]
    cut = forcing.cut(own, 4)
    assert [(each.problem_id, each.run) for each in cut] == [(each.problem_id, each.run) for each in own]
    given = f"<think>{TOKENIZER.decode(ids(THINKING)[:4])}</think> \\boxed{{"
    assert all(each.text.startswith(given) and each.num_thinking_tokens == 4 and each.is_touched for each in cut)
    gold = {each.id: each.answer for each in problems}
    assert all(each.correct is each.text.startswith(f"{given}{gold[each.problem_id]}}}") for each in cut)
    longer = forcing.longer(own, 1)
    assert all(each.text.startswith(f"<think>{THINKING} Wait,") for each in longer)
    assert forcing.cut(own, 500) == own, "nothing is as long"
    assert told[-1] == ("cut at 500", 6, 6)
    stored = {path: path.read_text() for path in tmp_path.glob("*.json")}
    assert forcing.cut(own, 4) == cut
    assert {path: path.read_text() for path in tmp_path.glob("*.json")} == stored
    assert any(json.loads(text)["computed_from"]["budget"] == "cut at 4" for text in stored.values())
