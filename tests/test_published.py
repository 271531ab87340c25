"""Published figures: that files are read, and that what papers say of their numbers holds for ours."""

import json
from pathlib import Path

import pytest

from synergy.errors import InputError
from synergy.studies.published import PUBLISHED, Published, PublishedTable, read_published

PAPERS = {"synergy_dilemma": "2507.07562v1", "vlaa_thinking": "2504.11468v1", "reassessing_sft": "2512.12690v1"}


def _values(table: PublishedTable, row: str) -> dict[str, float]:
    return {column: value for column, value in table.row(row).items() if value is not None}


@pytest.fixture(params=sorted(PAPERS))
def paper(request: pytest.FixtureRequest) -> Published:
    return read_published(request.param)


def test_the_shipped_files_are_these() -> None:
    assert set(PUBLISHED) == set(PAPERS)
    assert {name: read_published(name).paper for name in PUBLISHED} == PAPERS


#: rows whose printed average is not the mean of their printed numbers; their tables' notes say so
_ODD = {
    ("accuracy", "VLAA-Thinker-Qwen2-2B"): 20.63,
    ("accuracy", "VLAA-Thinker-Qwen2-7B-Zero"): 30.3,
    ("grpo_backbone", "Base"): 30.3,
    ("grpo_backbone", "Base + SFT 25K"): 25.07,
}


def test_averages_are_the_means_of_their_columns(paper: Published) -> None:
    for table in paper.tables:
        slack = 0.5 if table.unit.startswith("tokens") else 0.051
        for row in table.rows:
            values = _values(table, row.name)
            for average, columns in table.averages.items():
                mean = sum(values[column] for column in columns) / len(columns)
                expected = _ODD.get((table.name, row.name), values[average])
                assert mean == pytest.approx(expected, abs=slack), (table.name, row.name)


def test_the_first_studys_rl_average_by_hand() -> None:
    row = read_published("synergy_dilemma").table("accuracy").row("+ RL")
    assert pytest.approx(55.06) == (29.0 + 52.1 + 72.6 + 55.1 + 66.5) / 5
    assert row["Avg."] == 55.1
    assert list(row.values())[:5] == [29.0, 52.1, 72.6, 55.1, 66.5]


def test_gains_by_level_carry_their_error() -> None:
    table = read_published("synergy_dilemma").table("gains_MathVista")
    rl = next(row for row in table.rows if row.recipe == "rl")
    assert [table.error_of(rl, level) for level in table.columns] == [0.5, 0.3, 0.3, 0.3, 0.3]
    hidden = read_published("synergy_dilemma").table("gains_MMStar").row("+ Interleaved")
    assert hidden["L1"] is None
    assert all(each.reading == "pixels" for each in read_published("synergy_dilemma").tables if "gains" in each.name)


def test_rl_is_below_the_base_at_level_one_on_four_of_five() -> None:
    tables = [each for each in read_published("synergy_dilemma").tables if each.name.startswith("gains_")]
    assert len(tables) == 5
    assert sum(_values(table, "+ RL")["L1"] < 0 for table in tables) == 4
    assert all(_values(table, "+ SFT Eureka-Distill")["L1"] < -7 for table in tables)


def test_expressions_add_up() -> None:
    table = read_published("vlaa_thinking").table("expressions")
    for row in table.rows:
        *values, total = _values(table, row.name).values()
        assert sum(values) == total
    for column in table.columns:
        *values, total = [_values(table, row.name)[column] for row in table.rows]
        assert sum(values) == total


def test_grpo_backbones_lose_as_much_as_the_paper_says() -> None:
    table = read_published("vlaa_thinking").table("grpo_backbone")
    averages = {row.name: _values(table, row.name)["Avg."] for row in table.rows}
    change = {name: averages[f"{name} + SFT 25K"] / averages[name] - 1 for name in ("Instruct", "Base")}
    assert change == pytest.approx({"Instruct": -0.39, "Base": -0.16}, abs=0.005)


def test_what_is_second_hand_says_so() -> None:
    paper = read_published("reassessing_sft")
    assert {each.name for each in paper.tables if each.reading == "second_hand"} == {
        "weak_models",
        "design",
        "dc_sft",
        "dc_sft_hard_only",
    }
    assert all("[note]" in each.source for each in paper.tables if each.reading == "second_hand")


def test_a_row_of_another_length_is_refused(tmp_path: Path) -> None:
    values = read_published("reassessing_sft").model_dump(mode="json")
    values["tables"][0]["rows"][0]["values"].append(1.0)
    file = tmp_path / "figures.json"
    file.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(InputError, match="3 values for 2 columns"):
        read_published(str(file))


def test_a_pixel_reading_without_error_is_refused(tmp_path: Path) -> None:
    values = read_published("vlaa_thinking").model_dump(mode="json")
    next(each for each in values["tables"] if each["reading"] == "pixels")["error"] = None
    file = tmp_path / "figures.json"
    file.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(InputError, match="read by pixel without an error"):
        read_published(str(file))
