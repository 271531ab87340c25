"""Choosing among training problems, and the pocket's filters: which problems stay, and with what."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from evaluation_cases import Silent

from synergy.cli.study_display import LineDisplay
from synergy.config.choose import ChooseConfig
from synergy.config.data import FileDataConfig, PocketDataConfig
from synergy.config.load import build
from synergy.config.model import ModelConfig
from synergy.data.load import open_data
from synergy.errors import InputError
from synergy.evaluation.choosing import choose
from synergy.evaluation.training_table import TRACE_COLUMN
from synergy.models.loading import load_model
from synergy.models.trees import group_tree, make_batch
from synergy.prompts import BOXED
from synergy.recipes.step import Step
from synergy.studies.choose_step import choose_step

POCKET = PocketDataConfig(source="pocket", num_problems=12, trace="short", families=("locate", "sum"), levels=(1, 4))


def _config(checkpoint: Path | str, rule: dict[str, Any], **values: Any) -> ChooseConfig:
    settings = {
        "kind": "choose",
        "model": {"checkpoint": str(checkpoint)},
        "data": POCKET.model_dump(),
        "prompt": "boxed",
    }
    return build(ChooseConfig, {**settings, "rule": rule, **values}, label="test")


def test_the_most_surprising_demonstrations_stay(untrained: Path, tmp_path: Path):
    rule = {"by": "perplexity", "num_problems": 5}
    kept = choose(_config(untrained, rule), tmp_path, Silent())
    values = json.loads((tmp_path / "chosen.json").read_text())["values"]
    assert len(values) == 12
    assert sorted(kept) == sorted(sorted(values, key=lambda each: -values[each])[:5])
    table = FileDataConfig(source="file", path=tmp_path / "data.parquet", trace_column=TRACE_COLUMN)
    before = {example.problem.id: example for example in open_data(POCKET)}
    for example in open_data(table):
        assert example.problem.question == before[example.problem.id].problem.question
        assert example.demonstrations[0].trace == before[example.problem.id].demonstrations[0].trace
    other = choose(_config(untrained, {**rule, "side": "lowest"}), tmp_path / "low", Silent())
    assert sorted(other) == sorted(sorted(values, key=lambda each: values[each])[:5])


@pytest.mark.parametrize(
    ("rule", "generated"),
    [
        ({"by": "random", "num_problems": 3}, False),
        ({"by": "length", "side": "shortest", "num_problems": 3}, False),
        ({"by": "perplexity", "num_problems": 3}, False),
        (
            {
                "by": "difficulty",
                "keep": ("hard",),
                "samples_per_problem": 2,
                "response": {"temperature": 1.0, "max_tokens": 8},
            },
            True,
        ),
    ],
)
def test_a_step_is_charged_for_what_it_sampled(untrained: Path, tmp_path: Path, rule: dict[str, Any], generated: bool):
    step = Step(kind="choose", name="some", config=_config(untrained, rule), inputs={}, stage="some")
    ledger = choose_step(step, {}, tmp_path, LineDisplay())
    assert (ledger.generated_tokens > 0) == generated
    assert json.loads((tmp_path / "chosen.json").read_text())["num_kept"] == (12 if generated else 3)


def test_perplexity_is_that_of_the_whole_response(untrained: Path, tmp_path: Path):
    choose(_config(untrained, {"by": "perplexity", "num_problems": 12}), tmp_path, Silent())
    values = json.loads((tmp_path / "chosen.json").read_text())["values"]
    loaded = load_model(ModelConfig(checkpoint=str(untrained)))
    example = open_data(POCKET)[3]
    demonstration = example.demonstrations[0]
    ids = loaded.renderer.response("x", BOXED.response(demonstration.trace, demonstration.answer))
    with torch.no_grad():
        tree = group_tree(loaded.renderer.render(example.problem, BOXED), [ids])
        mean = loaded.policy(make_batch([tree])).logprobs.mean().item()
    assert values[example.problem.id] == pytest.approx(math.exp(-mean), rel=1e-4)


def test_problems_that_the_model_always_solves_go(tmp_path: Path):
    response = {"temperature": 1.0, "max_tokens": 120}
    rule = {"by": "pass_count", "samples_per_problem": 3, "at_most": 2, "response": response}
    kept = choose(_config("pocket", rule), tmp_path, Silent())
    found = json.loads((tmp_path / "chosen.json").read_text())
    assert kept == [each for each, count in found["values"].items() if count <= 2]
    assert 0 < len(kept) < 12
    assert max(found["values"].values()) == 3
    again = choose(_config("pocket", rule), tmp_path, Silent())
    assert again == kept


@pytest.mark.parametrize("side", ["shortest", "longest"])
def test_the_shortest_and_the_longest_traces_stay(side: str, tmp_path: Path):
    kept = choose(_config("never loaded", {"by": "length", "side": side, "num_problems": 4}), tmp_path, Silent())
    lengths = {each.problem.id: len(each.demonstrations[0].trace) for each in open_data(POCKET)}
    ordered = sorted(lengths.values(), reverse=side == "longest")
    assert sorted((lengths[each] for each in kept), reverse=side == "longest") == ordered[:4]


def test_a_random_choice_is_its_seed_s(tmp_path: Path):
    rule = {"by": "random", "num_problems": 5}
    found = [choose(_config("never loaded", rule, seed=seed), tmp_path / str(seed), Silent()) for seed in (0, 1)]
    assert [len(each) for each in found] == [5, 5]
    assert found[0] != found[1]
    assert choose(_config("never loaded", rule), tmp_path / "again", Silent()) == found[0]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"by": "perplexity", "num_problems": 13}, "12 problems; expected at least"),
        ({"by": "pass_count", "at_most": 9, "response": {"temperature": 1.0, "max_tokens": 8}}, "expected a window"),
        ({"by": "luck"}, "luck"),
    ],
)
def test_what_cannot_be_chosen_is_refused(rule: dict[str, Any], words: str, untrained: Path, tmp_path: Path):
    with pytest.raises(InputError, match=words):
        choose(_config(untrained, rule), tmp_path, Silent())


def test_twins_are_the_same_scenes_in_words():
    pictures, words = (
        open_data(PocketDataConfig(source="pocket", num_problems=5, families=("count",), twins=twins))
        for twins in (False, True)
    )
    for index in range(5):
        seen, read = pictures[index].problem, words[index].problem
        assert (seen.answer, len(seen.images), len(read.images)) == (read.answer, 1, 0)
        assert read.question.endswith(seen.question)
        assert "grid" in read.question
        assert read.id == words.ids[index] == words[index].demonstrations[0].problem_id == f"{seen.id}-text"


def test_traces_with_cues_alone():
    cues = ("wait", "hmm")
    found = open_data(PocketDataConfig(source="pocket", num_problems=20, trace_contains=cues))
    every = open_data(PocketDataConfig(source="pocket", num_problems=20))
    assert len(found) == 20
    assert all(any(cue in example.demonstrations[0].trace.lower() for cue in cues) for example in found)
    assert not all(any(cue in example.demonstrations[0].trace.lower() for cue in cues) for example in every)
    with pytest.raises(InputError, match="0 of 320 long traces have one"):
        open_data(PocketDataConfig(source="pocket", num_problems=5, trace_contains=("quokka",)))
