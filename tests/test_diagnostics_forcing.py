"""Responses put before the pocket model again: an answer's probability at each boundary, and surprise."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from diagnosed import sample
from safetensors.torch import load_file, save_file

from synergy.config.model import ModelConfig
from synergy.config.protocol import ResponseConfig, preset_protocol
from synergy.config.resolve import write_resolved
from synergy.config.train import TrainConfig
from synergy.diagnostics.diagnostic import Inquiry, LackingError
from synergy.diagnostics.paths.forcing import FORCED, Forced, force_answers
from synergy.diagnostics.paths.hesitation import hesitation, worth
from synergy.diagnostics.paths.thinking import steps
from synergy.diagnostics.paths.whose_words import whose_words
from synergy.diagnostics.samples import Sample
from synergy.diagnostics.subject import Subject
from synergy.evaluation.opening import answerer_of, asked_of, model_part_of
from synergy.evaluation.pocket_set import pocket_set
from synergy.evaluation.run import Evaluation
from synergy.models.loading import LoadedModel, load_model
from synergy.models.trees import group_tree, make_batch
from synergy.pocket import items
from synergy.pocket.shipped import WEIGHTS
from synergy.pocket.world import Item
from synergy.prompts import BOXED, THINK_CLOSE


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    found = load_model(ModelConfig(checkpoint=str(WEIGHTS)))
    found.model.eval()
    return found


def response_of(item: Item) -> str:
    demonstration = item.short()
    return BOXED.response(demonstration.trace, demonstration.answer)


def alone(loaded: LoadedModel, item: Item, prefix: str, answer: str) -> float:
    """The same probability from one plain row: all tokens, of which those of the answer and its end are summed up."""
    tokenizer = loaded.renderer.tokenizer
    before, after = (
        tokenizer(text, add_special_tokens=False)["input_ids"] for text in (f"{prefix}{FORCED}", f" {answer}")
    )
    closing = tokenizer(THINK_CLOSE, add_special_tokens=False)["input_ids"][:1]
    prompt = loaded.renderer.prompt(item.problem(), BOXED)
    with torch.inference_mode():
        logprobs = loaded.policy(make_batch([group_tree(prompt, [[*before, *after, *closing]])])).logprobs  # type: ignore[arg-type]
    return float(logprobs[len(before) :].double().sum() / np.log(2))


def test_the_tree_of_probes_gives_what_single_rows_give(loaded: LoadedModel):
    item = items("evaluation", 1, families=["count"], levels=(1,))[0]
    text = response_of(item)
    found = steps(text)
    assert len(found) > 2
    answers = [item.task.answer, "17"]
    (scores,) = force_answers(loaded, BOXED, [Forced(problem=item.problem(), text=text, steps=found, answers=answers)])
    prefixes = ["<think>", *(text[: step.end] for step in found)]
    for answer, values in zip(answers, scores.log2_probs, strict=True):
        expected = [alone(loaded, item, prefix, answer) for prefix in prefixes]
        np.testing.assert_allclose(values, expected, atol=1e-3)
    tokenizer = loaded.renderer.tokenizer
    total = len(tokenizer(text[: found[-1].end], add_special_tokens=False)["input_ids"])
    assert sum(scores.num_tokens) == total - len(tokenizer("<think>", add_special_tokens=False)["input_ids"])


def test_batches_change_nothing(loaded: LoadedModel):
    chosen = items("evaluation", 6, families=["count", "sum"], levels=(1, 4))
    asked = [
        Forced(problem=item.problem(), text=response_of(item), steps=worth_of(item), answers=[item.task.answer])
        for item in chosen
    ]
    together = force_answers(loaded, BOXED, asked)
    apart = [force_answers(loaded, BOXED, [each])[0] for each in asked]
    for one, other in zip(together, apart, strict=True):
        np.testing.assert_allclose(one.log2_probs, other.log2_probs, atol=1e-3)


def worth_of(item: Item):
    return worth(response_sample(item))


def response_sample(item: Item) -> Sample:
    return sample(
        item.id, response_of(item), correct=True, gold=item.task.answer, kind=item.family.kind.value,
        question=item.question(), family=item.family.name, extracted=item.task.answer,
    )  # fmt: skip


def test_closing_steps_that_name_the_answer_are_left_out():
    text = "<think> a: 4. So the answer is 4. The answer is 4</think> \\boxed{4}"
    assert [step.text for step in worth(sample("a", text, correct=True))] == ["a: 4."]


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small evaluation of the shipped model, as a study's step leaves it."""
    folder = tmp_path_factory.mktemp("evaluated") / "made"
    protocol = preset_protocol("made", "boxed", ResponseConfig(temperature=1.0, max_tokens=120), 1)
    config = ModelConfig(checkpoint=str(WEIGHTS))
    asked = asked_of(protocol, model_part_of(config, name="shipped"), is_tuned=False)
    answerer = answerer_of(config, protocol, is_tuned=False)
    evaluation = Evaluation(protocol=protocol, asked=asked, answerer=answerer, keeps_pictures=True)
    on = pocket_set(num_problems=12, families=["count", "sum"])
    evaluation.evaluate(on, folder, Quiet())
    return folder


class Quiet:
    """Hears of an evaluation's progress, and says nothing."""

    def sampling(self, num_before: int, num_responses: int):
        return lambda num_finished, num_tokens: None

    def stage(self, name: str, num_done: int, num: int) -> None: ...


def test_the_finding_says_what_steps_are_worth(tmp_path: Path, evaluated: Path):
    subject = Subject(name="shipped", model=WEIGHTS, responses={"made": evaluated})
    told: list[str] = []
    inquiry = Inquiry(
        subjects=[subject], against=None, cache=tmp_path / "cache", on_progress=lambda words, *_: told.append(words)
    )
    found = hesitation(inquiry)
    (row,) = found.rows
    assert row["responses"] == 12
    # true steps help this model: it was taught to count before it answers
    assert row["bits"] > 0  # type: ignore[operator]
    assert row["end"] > row["start"]  # type: ignore[operator]
    assert row["raises"] + row["leaves"] + row["lowers"] == pytest.approx(1)  # type: ignore[operator]
    assert found.examples
    assert all("bits" in part.label for part in found.examples[0].parts if part.value is not None)
    assert any("responses" in words for words in told)
    told.clear()
    assert hesitation(inquiry).rows == found.rows
    assert not any("responses" in words for words in told)  # from the cache


def test_a_model_is_nearer_to_the_one_whose_words_it_speaks(tmp_path: Path, evaluated: Path, loaded: LoadedModel):
    """The stranger is the shipped model with its output layer disturbed, which no text surprises less."""
    stranger = tmp_path / "stranger"
    shutil.copytree(WEIGHTS, stranger)
    weights = load_file(stranger / "model.safetensors")
    name = next(each for each in weights if each.endswith("embed_tokens.weight"))
    noise = torch.randn(weights[name].shape, generator=torch.Generator().manual_seed(0))
    weights[name] = weights[name] + 0.3 * weights[name].std() * noise
    save_file(weights, stranger / "model.safetensors", metadata={"format": "pt"})
    run = tmp_path / "run"
    run.mkdir()
    config = TrainConfig.model_validate_json(json.dumps(SFT))
    write_resolved(config, run / "config.json")
    tuned = Subject(name="tuned", model=WEIGHTS, runs=(run,), responses={"made": evaluated})
    other = Subject(name="stranger", model=stranger, responses={"made": evaluated})
    (one, two) = whose_words(Inquiry(subjects=[tuned], against=other, cache=tmp_path / "cache")).rows
    assert one["base"] == two["base"]  # the same responses here
    assert one["nearer"] > 0  # type: ignore[operator]
    assert one["nearer"] == pytest.approx(one["base"] - one["tuned"])  # type: ignore[operator]
    assert one["base_perplexity"] == pytest.approx(np.exp(one["base"]))  # type: ignore[arg-type]
    with pytest.raises(LackingError, match="no model made by SFT alone"):
        whose_words(Inquiry(subjects=[other], against=tuned, cache=tmp_path / "cache"))


SFT = {
    "kind": "train",
    "model": {"checkpoint": "pocket"},
    "data": {"source": "pocket", "num_problems": 8},
    "algorithm": {"name": "sft"},
    "prompt": "boxed",
    "optimizer": {"learning_rate": 1e-3},
    "train": {"num_steps": 1, "problems_per_step": 4},
    "sampling": {"max_tokens": 100},
}
