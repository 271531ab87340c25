"""Responses put before the pocket model again: an answer's probability at each boundary, and surprise."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from diagnosed import sample, stored

from synergy.config.model import ModelConfig
from synergy.diagnostics.diagnostic import Inquiry
from synergy.diagnostics.paths.forcing import FORCED, Forced, force_answers
from synergy.diagnostics.paths.hesitation import hesitation, worth
from synergy.diagnostics.paths.thinking import steps
from synergy.diagnostics.samples import Sample
from synergy.diagnostics.subject import Subject
from synergy.evaluation.pictures import IMAGES
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


def evaluation_of(folder: Path, chosen: list[Item]) -> Path:
    """A folder as an evaluation leaves it, with the expert's short traces as responses."""
    stored(folder, [response_sample(item) for item in chosen])
    (folder / IMAGES).mkdir()
    rows = []
    for item in chosen:
        problem = item.problem()
        problem.images[0].save(folder / IMAGES / f"{item.id}.png")
        rows.append(
            {
                "id": item.id, "family": item.family.name, "answer_kind": problem.answer_kind,
                "question": problem.question, "gold": problem.answer, "choices": list(problem.choices),
                "images": [f"{item.id}.png"],
            }
        )  # fmt: skip
    (folder / "problems.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    request = {
        "kind": "evaluation_request",
        "benchmark": "made",
        "num_problems": len(chosen),
        "problems_sha256": "",
        "asked": {
            "kind": "evaluation",
            "model": {
                "name": "made", "checkpoint": None, "revision": None, "weights_sha256": None, "dtype": None,
                "backend": "local", "served_as": None,
            },
            "asking": {"preset": "boxed"},
            "asked_as": None,
            "response": {"temperature": 1.0, "max_tokens": 100},
            "num_runs": 1,
            "images": {},
            "seed": 0,
            "problems_per_shard": 8,
        },
    }  # fmt: skip
    (folder / "request.json").write_text(json.dumps(request), encoding="utf-8")
    return folder


def test_the_finding_says_what_steps_are_worth(tmp_path: Path):
    chosen = items("evaluation", 8, families=["count", "sum"], levels=(1, 2))
    folder = evaluation_of(tmp_path / "made", chosen)
    subject = Subject(name="shipped", model=WEIGHTS, responses={"made": folder})
    told: list[str] = []
    inquiry = Inquiry(
        subjects=[subject], against=None, cache=tmp_path / "cache", on_progress=lambda words, *_: told.append(words)
    )
    found = hesitation(inquiry)
    (row,) = found.rows
    assert row["responses"] == 8
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
