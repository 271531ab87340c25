"""What moved in weights: by hand, and planted changes that must be found."""

import json
from math import cos, radians, sin
from pathlib import Path

import pytest
import torch
from merging_cases import write_checkpoint
from torch import Tensor

from synergy.diagnostics.diagnostic import Inquiry, LackingError
from synergy.diagnostics.subject import Subject
from synergy.diagnostics.weights.change import change_by_place, weight_change
from synergy.diagnostics.weights.modules import places_of
from synergy.diagnostics.weights.overlap import (
    by_chance,
    first_bin,
    jaccard,
    magnitude_bins,
    weight_overlap,
)
from synergy.diagnostics.weights.rotation import rank_of, rotation, weight_rotation
from synergy.models.merging.compare import compare_checkpoints

UP = "model.language_model.layers.{}.mlp.up_proj.weight"
NORM = "model.language_model.norm.weight"


def subject(name: str, folder: str) -> Subject:
    return Subject(name=name, model=Path(folder))


def inquiry(tmp_path: Path, base: str, **models: str) -> Inquiry:
    subjects = [subject(name, folder) for name, folder in models.items()]
    return Inquiry(subjects=subjects, against=subject("base", base), cache=tmp_path / "cache")


def test_a_weight_is_counted_in_everything_its_module_and_its_layer():
    assert places_of(UP.format(12)) == ("all", "up_proj", "layer 12")
    assert places_of("model.language_model.layers.0.input_layernorm.weight") == ("all", "norm", "layer 0")
    assert places_of("model.language_model.embed_tokens.weight") == ("all", "embeddings")
    assert places_of("lm_head.weight") == ("all", "head")
    assert places_of("model.visual.blocks.1.attn.qkv.weight") == ("all", "vision")
    assert places_of("model.visual.merger.mlp.0.weight") == ("all", "projector")
    assert places_of("adapter.weight") == ("all", "other")


def test_norms_and_shares_of_change_by_hand(tmp_path: Path):
    before = {UP.format(0): torch.full((2, 2), 2.0), UP.format(1): torch.ones(2, 2), NORM: torch.tensor([3.0, 4.0])}
    after = {name: each.clone() for name, each in before.items()}
    after[UP.format(0)][0] = torch.tensor([5.0, 6.0])  # a change of (3, 4), norm 5; before it the norm is 4
    after[NORM][0] += 1e-4  # less than bfloat16 can tell
    base = write_checkpoint(tmp_path / "base", before)
    tuned = write_checkpoint(tmp_path / "tuned", after)
    found = change_by_place(compare_checkpoints(base, tuned).tensors)
    assert list(found) == ["all", "up_proj", "norm", "layer 0", "layer 1"]
    assert (found["layer 0"].norm, found["layer 0"].relative, found["layer 0"].changed) == (5.0, 1.25, 0.5)
    assert found["layer 1"].norm == 0.0
    assert (found["norm"].changed, found["norm"].changed_rounded) == (0.5, 0.0)
    assert found["up_proj"].relative == pytest.approx(5 / 20**0.5)
    assert (found["all"].num, found["all"].changed) == (10, 0.3)
    shown = weight_change(inquiry(tmp_path, base, sft=tuned))
    assert [row["place"] for row in shown.rows] == list(found)
    assert {row["module"] for row in shown.rows if "module" in row} == {"up_proj", "norm"}
    assert [row["layer"] for row in shown.rows if "layer" in row] == [0, 1]


def test_a_larger_magnitude_is_never_in_a_lower_bin():
    values = torch.cat([torch.randn(1000).abs() * 10.0 ** torch.randint(-8, 4, (1000,)), torch.zeros(1)]).sort().values
    bins = magnitude_bins(torch.cat([values, -values]))
    assert bins[: len(values)].tolist() == sorted(bins[: len(values)].tolist()) == bins[len(values) :].tolist()
    assert bins[0] == 0
    narrow = magnitude_bins(torch.tensor([1.0, 1.0039, 1.0079]))
    assert narrow[0] == narrow[1] < narrow[2], "a bin is less than half a percent wide"


def test_the_first_bin_holds_at_least_as_many_as_wanted():
    counts = torch.tensor([90, 0, 6, 3, 1])
    assert [first_bin(counts, wanted) for wanted in (1, 2, 4, 5, 10)] == [4, 3, 3, 2, 2]
    assert first_bin(counts, 50) == 1, "what did not change is never among what changed most"


def test_sets_and_their_overlap_by_hand():
    bins = magnitude_bins(torch.tensor([0.0, -5.0, 1.0, 3.0]))
    counts = torch.bincount(bins)
    assert (bins >= first_bin(counts, 1)).tolist() == [False, True, False, False]
    assert (bins >= first_bin(counts, 2)).tolist() == [False, True, False, True]
    one, other = torch.tensor([True, True, False, False]), torch.tensor([True, False, True, False])
    assert jaccard(one, other) == (1, 3)
    assert by_chance(0.5, 0.5) == pytest.approx(1 / 3)
    assert by_chance(0.0, 0.0) == 0.0


def test_models_that_moved_the_same_weights_are_told_from_those_that_did_not(tmp_path: Path):
    torch.manual_seed(0)
    before = {UP.format(layer): torch.randn(64, 64) for layer in range(2)}
    places = {name: torch.rand(64, 64) < 0.05 for name in before}
    shared, other = torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)

    def moved(at: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        small = {name: 1e-3 * torch.randn(64, 64, generator=generator) for name in before}
        large = {name: at[name] * (1 + torch.rand(64, 64, generator=generator)) for name in before}
        return {name: before[name] + small[name] + large[name] for name in before}

    elsewhere = {name: torch.rand(64, 64) < 0.05 for name in before}
    base = write_checkpoint(tmp_path / "base", before)
    folders = {
        "sft": write_checkpoint(tmp_path / "sft", moved(places, shared)),
        "near": write_checkpoint(tmp_path / "near", moved(places, other)),
        "far": write_checkpoint(tmp_path / "far", moved(elsewhere, other)),
    }
    found = weight_overlap(inquiry(tmp_path, base, **folders))
    assert found is not None
    at_5 = {(row["subject"], row["other"]): row for row in found.rows if row["share"] == 0.05}
    for name in ("jaccard", "within"):
        assert float(at_5["sft", "near"][name] or 0) > 0.8
        assert float(at_5["sft", "far"][name] or 0) < 0.1
    assert float(at_5["sft", "near"]["chance"] or 0) == pytest.approx(0.0256, abs=0.002)
    assert float(at_5["sft", "near"]["cosine"] or 0) > 0.9
    assert abs(float(at_5["sft", "far"]["cosine"] or 0)) < 0.15
    with pytest.raises(LackingError, match="expected two"):
        weight_overlap(inquiry(tmp_path, base, sft=folders["sft"]))


def test_a_matrix_that_was_stretched_was_not_turned():
    before = torch.diag(torch.tensor([4.0, 3.0, 2.0, 1.0]))
    found = rotation(before, before * 1.5, rank=2)
    assert (found.angle_left, found.angle_right) == pytest.approx((0.0, 0.0), abs=1e-4)
    assert found.singular_change == pytest.approx(0.5)
    assert (found.distance, found.alignment) == pytest.approx((0.0, 1.0), abs=1e-6)
    # of the change 2, 1.5, 1, 0.5 along the pairs, the first two are in the base's subspace
    assert found.diagonal == pytest.approx((4 + 2.25) / (4 + 2.25 + 1 + 0.25))
    assert found.rotation == pytest.approx(0.0, abs=1e-9)
    assert found.residual == pytest.approx(1 - 1.5**2)


def test_a_matrix_that_was_turned_was_not_stretched():
    angle = radians(30)
    turn = torch.eye(4, dtype=torch.float64)
    turn[1, 1] = turn[2, 2] = cos(angle)
    turn[1, 2], turn[2, 1] = -sin(angle), sin(angle)  # the second direction towards the third
    before = torch.diag(torch.tensor([4.0, 3.0, 2.0, 1.0], dtype=torch.float64))
    found = rotation(before, turn @ before, rank=2)
    assert found.angle_left == pytest.approx(15.0)  # of 0° and 30°
    assert found.angle_right == pytest.approx(0.0, abs=1e-5)
    assert found.singular_change == pytest.approx(0.0, abs=1e-9)
    assert found.distance == pytest.approx(sin(angle) / 2**0.5)
    whole = rotation(before, turn @ before, rank=4)
    assert whole.angle_left == pytest.approx(0.0, abs=1e-5), "with all vectors the angle says nothing"
    # ΔW = (turn − 1) · diag: entries (cos − 1)·3, sin·3 and −sin·2, (cos − 1)·2
    along = ((cos(angle) - 1) * 3) ** 2 + ((cos(angle) - 1) * 2) ** 2
    between = (sin(angle) * 3) ** 2 + (sin(angle) * 2) ** 2
    assert whole.diagonal == pytest.approx(along / (along + between))
    assert whole.rotation == pytest.approx(between / (along + between))


def test_nothing_changed_is_no_change():
    matrix = torch.randn(5, 7)
    found = rotation(matrix, matrix.clone(), rank=3)
    assert (found.diagonal, found.rotation, found.singular_change) == (0.0, 0.0, 0.0)
    assert found.angle_left == pytest.approx(0.0, abs=1e-3)


def test_the_rank_is_below_the_smaller_side():
    assert rank_of((4096, 14336), 768 / 4096) == 768
    assert rank_of((2, 9), 0.99) == 1
    assert rank_of((8, 8), 1.0) == 7


def test_rotation_is_measured_matrix_by_matrix_and_kept(tmp_path: Path):
    before = {UP.format(0): torch.randn(6, 6), UP.format(1): torch.randn(6, 6), NORM: torch.randn(6)}
    after = {name: 2 * each for name, each in before.items()}
    base, tuned = write_checkpoint(tmp_path / "base", before), write_checkpoint(tmp_path / "tuned", after)
    asked = inquiry(tmp_path, base, sft=tuned)
    (row,) = weight_rotation(asked).rows
    assert (row["module"], row["num"], row["singular_change"]) == ("up_proj", 2, pytest.approx(1.0))
    kept = sorted((tmp_path / "cache").glob("*.json"))
    assert len(kept) == 2
    changed = json.loads(kept[0].read_text())
    changed["value"]["singular_change"] = 3.0
    kept[0].write_text(json.dumps(changed))
    (row,) = weight_rotation(asked).rows
    assert row["singular_change"] == pytest.approx(2.0), "what was measured is read back"
