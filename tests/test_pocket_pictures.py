"""Pictures, contact sheets and exports: what people and other programs get to see."""

import hashlib
from pathlib import Path
from random import Random

import numpy as np
import PIL
import pytest

from synergy.pocket import FAMILIES, items
from synergy.pocket.blind import blind_score
from synergy.pocket.drawing import NOISE, draw
from synergy.pocket.export import SCHEMA, export
from synergy.pocket.scenes import CELL_PIXELS
from synergy.pocket.sheet import contact_sheet

ALL = tuple(FAMILIES)
#: of 40 pictures under this Pillow; another Pillow may rasterise glyphs otherwise
PILLOW, PIXELS_SHA256 = "13.0.0", "46385cd89012e0018bccbf284cacddce8309e338fc085d1f732a8ca0526a0fcd"


def test_pictures_are_3_or_4_cells_a_side() -> None:
    sides = {image.size for item in items("train", 120, families=ALL) for image in item.problem().images}
    assert sides == {(3 * CELL_PIXELS, 3 * CELL_PIXELS), (4 * CELL_PIXELS, 4 * CELL_PIXELS)}


def test_one_scene_looks_different_each_time_and_noise_is_light() -> None:
    task = items("train", 1)[0].task
    first, second = (np.asarray(draw(task.picture, Random(seed)), dtype=int) for seed in (1, 2))
    again = np.asarray(draw(task.picture, Random(1)), dtype=int)
    assert (first == again).all()
    assert (first != second).mean() > 0.5
    corner = first[2:6, 2:6].reshape(-1, 3)  # background: no object reaches into the corner
    assert (np.ptp(corner, axis=0) <= 2 * NOISE).all()


@pytest.mark.skipif(PIL.__version__ != PILLOW, reason=f"pixels are promised for Pillow {PILLOW} only")
def test_pixels_are_the_same_on_any_machine() -> None:
    digest = hashlib.sha256()
    for item in items("train", 40, families=ALL):
        digest.update(item.problem().images[0].tobytes())
    assert digest.hexdigest() == PIXELS_SHA256


def test_a_contact_sheet_holds_every_picture_enlarged() -> None:
    sheet = contact_sheet(items("train", 5, families=("count",), levels=(5,)), "long")
    assert sheet.width > 4 * 4 * 4 * CELL_PIXELS  # four 4×4 pictures at four times their size, side by side
    assert sheet.height > 2 * 4 * 4 * CELL_PIXELS  # the fifth starts a second row


def test_an_export_loads_with_datasets(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    wanted = items("validation", 30, families=ALL)
    assert list(export(wanted, tmp_path / "new" / "folder", "validation")) == [30]
    table = datasets.load_dataset(
        "parquet",
        data_files=str(tmp_path / "new" / "folder" / "validation.parquet"),
        cache_dir=str(tmp_path / "cache"),
        split="train",
    )
    assert table.column_names == SCHEMA.names
    for item, row in zip(wanted, table, strict=True):
        assert (row["id"], row["answer"], row["long_trace"]) == (item.id, item.task.answer, item.long().trace)
        assert row["images"][0].convert("RGB").tobytes() == item.problem().images[0].tobytes()


@pytest.mark.parametrize("family", ALL)
def test_a_blind_guesser_stays_below_its_limit(family: str) -> None:
    score = blind_score(family, num_train=1200, num_evaluation=400)
    assert score.passes, score
    assert score.score > 0  # the guesser does guess


def test_a_blind_guesser_finds_what_words_give_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """A leak must show: a wording that depends on the answer lets the guesser through."""
    from synergy.pocket.families.compare import CompareTask

    honest = CompareTask.question
    monkeypatch.setattr(CompareTask, "question", lambda task, rng: f"{honest(task, rng)} psst{task.answer}")
    assert not blind_score("compare", num_train=400, num_evaluation=200).passes
