"""What moved in tokens: divergences by hand, words and positions, intervals, a temperature with a given entropy."""

from dataclasses import replace
from math import exp, log
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from synergy.diagnostics.samples import Sample
from synergy.diagnostics.tokens.divergence import divergence, entropy
from synergy.diagnostics.tokens.scores import ScoredText
from synergy.diagnostics.tokens.sharpness import temperature_with
from synergy.diagnostics.tokens.shift import Marked, coloured, ratio_interval, shift_rows, shift_verdict
from synergy.diagnostics.tokens.texts import WrittenText, choose_texts
from synergy.diagnostics.tokens.words import END, KINDS, LAYOUT, NUMBER, OTHER, PUNCTUATION, pieces_of, pieces_of_tokens
from synergy.evaluation.samples import SCHEMA

INF = float("inf")


def test_divergence_and_entropy_by_hand():
    tuned = torch.log(torch.tensor([[0.5, 0.5, 0.0]])) + 3.0  # a shift of all logits changes nothing
    base = torch.log(torch.tensor([[0.25, 0.75, 0.0]]))
    found = divergence(tuned, base, torch.tensor([1]))
    assert found.forward.item() == pytest.approx(0.5 * log(2) + 0.5 * log(2 / 3))
    assert found.backward.item() == pytest.approx(0.25 * log(0.5) + 0.75 * log(1.5))
    assert found.entropy.item() == pytest.approx(log(2))
    assert found.base_entropy.item() == pytest.approx(-0.25 * log(0.25) - 0.75 * log(0.75))
    assert (found.logprob.item(), found.base_logprob.item()) == pytest.approx((log(0.5), log(0.75)))


def test_a_model_has_no_divergence_from_itself():
    logits = torch.randn(20, 50)
    logits[:, 7] = -INF
    found = divergence(logits, logits.clone(), torch.zeros(20, dtype=torch.int64))
    assert found.forward.max() == found.backward.max() == 0
    assert entropy(torch.log_softmax(torch.zeros(1, 8), dim=1)).item() == pytest.approx(log(8))


def kinds(text: str) -> list[tuple[str, str | None]]:
    return [(piece.kind, piece.position) for piece in pieces_of(text)]


def test_words_have_a_class_and_a_place_in_their_sentence():
    first, second, fourth = "first word", "second or third", "fourth to seventh"
    assert kinds("<think> First Let me look. Wait, 3.5 is big") == [
        (LAYOUT, None),
        ("structural", first),
        ("action", second),
        (OTHER, second),
        ("action", fourth),
        (PUNCTUATION, None),
        ("meta", first),
        (PUNCTUATION, None),
        (NUMBER, second),
        (PUNCTUATION, None),  # a point inside a number ends no sentence
        (NUMBER, second),
        (OTHER, fourth),
        (OTHER, fourth),
    ]
    assert kinds("So it is</think> \\boxed{7}")[3:] == [
        (LAYOUT, None),
        (LAYOUT, None),
        (PUNCTUATION, None),
        (NUMBER, first),
        (PUNCTUATION, None),
    ]
    assert kinds("a b\nthen") == [(OTHER, first), (OTHER, second), ("connector", first)]
    assert kinds("awaits") == [(OTHER, first)], "whole words alone"
    assert pieces_of(" \n ") == []


def test_a_token_belongs_to_the_piece_that_it_begins_in():
    text = "Alternatively, row 12"
    offsets = [
        (0, 5),
        (5, 13),
        (13, 14),
        (14, 18),
        (18, 20),
        (20, 21),
        (21, 21),
    ]  # "Alter" "natively" "," " row" " 1" "2"
    found = [piece.kind for piece in pieces_of_tokens(text, offsets)]
    assert found == ["connector", "connector", PUNCTUATION, OTHER, NUMBER, NUMBER, END]
    assert [piece.kind for piece in pieces_of_tokens("a  b", [(0, 1), (1, 2), (2, 4)])] == [OTHER, PUNCTUATION, OTHER]
    assert set(found) <= set(KINDS)


def test_a_mean_over_tokens_weighs_texts_by_their_length():
    mean, low, high = ratio_interval(np.array([10.0, 0.0, 2.0]), np.array([10.0, 0.0, 10.0]), seed=0)
    assert mean == pytest.approx(0.6)
    assert 0.2 <= low < mean < high <= 1.0
    same = ratio_interval(np.array([3.0, 6.0]), np.array([1.0, 2.0]), seed=0)
    assert same == pytest.approx((3.0, 3.0, 3.0))


def test_the_temperature_with_an_entropy_is_found():
    def entropy_at(temperature: float) -> float:  # two tokens, logits 1 and 0
        p = 1 / (1 + exp(-1 / temperature))
        return -p * log(p) - (1 - p) * log(1 - p)

    found = temperature_with(entropy_at, 0.3)
    assert found is not None
    assert entropy_at(found) == pytest.approx(0.3, abs=2e-3)
    assert temperature_with(entropy_at, 0.7) is None, "two tokens never have so much"


def write_samples(folder: Path, ids: list[str]) -> Path:
    folder.mkdir()
    empty = {field.name: None for field in SCHEMA}
    rows = [
        {
            **empty,
            "problem_id": each,
            "family": "sum",
            "run": run,
            "question": "?",
            "gold": "1",
            "answer_kind": "number",
            "text": f"{each} {run}",
            "status": "correct",
            "truncated": False,
        }
        for each in ids
        for run in (0, 1)
    ]
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), folder / "samples.parquet")
    return folder


def test_models_are_read_on_answers_to_the_same_problems(tmp_path: Path):
    ids = [f"p{number}" for number in range(30)]
    one = {"a": write_samples(tmp_path / "a1", ids), "b": write_samples(tmp_path / "b1", ids[:3])}
    other = {"a": write_samples(tmp_path / "a2", ids[::-1]), "b": write_samples(tmp_path / "b2", ids[:3])}
    chosen = [each.sample for each in choose_texts(one, ["a", "b"], 10, seed=0)]
    again = [each.sample for each in choose_texts(other, ["a", "b"], 10, seed=0)]
    assert [each.problem_id for each in chosen] == [each.problem_id for each in again]
    assert {each.run for each in chosen} == {0}
    assert len(chosen) == 10
    assert len(choose_texts(one, ["b"], 10, seed=0)) == 3
    assert isinstance(replace(chosen[0], text="x"), Sample)


def marked(text: str, nats: dict[int, float], *, fallen: int = -1) -> Marked:
    """A text of one-character tokens with these KLs, else 0.01; the token `fallen` became less likely."""
    offsets = [(index, index + 1) for index in range(len(text))] + [(len(text), len(text))]
    forward = [nats.get(index, 0.01) for index in range(len(offsets))]
    measures = {
        "forward": forward,
        "backward": [2 * each for each in forward],
        "entropy": [0.5] * len(offsets),
        "base_entropy": [0.25] * len(offsets),
        "logprob": [-1.0 if index == fallen else -0.5 for index in range(len(offsets))],
        "base_logprob": [-0.7] * len(offsets),
    }
    sample = Sample(
        problem_id="p",
        family="sum",
        level=1,
        run=0,
        question="?",
        gold="1",
        text=text,
        num_tokens=len(offsets),
        correct=True,
        extracted="1",
        truncated=False,
    )
    scored = ScoredText(text=WrittenText(folder=Path("x"), sample=sample), offsets=offsets, measures=measures)
    return Marked(scored=scored, pieces=pieces_of_tokens(text, offsets))


def test_a_planted_shift_at_the_first_words_is_named_and_one_everywhere_is_not():
    at_first = [marked("a bc d. e fg h.", {0: 1.0, 8: 1.0})] * 5
    rows = {str(row["tokens_of"]): row for row in shift_rows("rl", "own", at_first, seed=0)}
    assert rows["first word"]["forward"] == pytest.approx(1.0)
    assert rows["second or third"]["forward"] == pytest.approx(0.01)
    assert rows["all"]["backward"] == pytest.approx(2 * float(rows["all"]["forward"] or 0))
    assert rows["all"]["surprise"] == pytest.approx(0.7)
    assert (rows["class end of response"]["num_tokens"], rows["first word"]["num_tokens"]) == (5, 10)
    assert rows["first word"]["position"] == "first word"
    assert "position" not in rows["all"]
    assert shift_verdict("rl", list(rows.values())).name == "moved where sentences begin"
    everywhere = [marked("a bc d.", dict.fromkeys(range(8), 1.0))]
    assert shift_verdict("rl", list(shift_rows("rl", "own", everywhere, seed=0))).name == "moved throughout"
    nowhere = [marked("a bc d.", {})]
    assert shift_verdict("rl", list(shift_rows("rl", "own", nowhere, seed=0))).name == "close to the base"
    assert not any("position" in row for row in shift_rows("rl", "base", at_first, seed=0)), "charts are of own answers"


def test_colours_say_how_far_and_which_way():
    shown = coloured("rl", "own", marked("ab", {0: 1.0, 1: 5.0}, fallen=1))
    assert [(part.text, part.value) for part in shown.parts] == [("a", 0.5), ("b", -1.0), (" ∎", 0.005)]
    assert shown.parts[1].label == "KL 5.00 nats; probability 0.50 → 0.37"
    assert shown.title == "rl on its own answer to p: 2.00 nats a token"
