"""Responses that others saved: formats, columns, joining, and what is said where something is missing."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from synergy.benchmarks.registry import get_benchmark
from synergy.errors import FileError, InputError, MissingExtraError
from synergy.evaluation.saved import match, own_problems, read_saved
from synergy.evaluation.saved_columns import find_columns
from synergy.evaluation.saved_rows import XLSX_CELL_CHARACTERS, read_rows
from synergy.records import AnswerKind, Problem, StopReason

ROWS: list[dict[str, Any]] = [
    {"index": 0, "question": "Which?", "A": "red", "B": "blue", "answer": "A", "prediction": "A"},
    {"index": 1, "question": "Who?", "A": "me", "B": "you", "answer": "B", "prediction": "A"},
]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """In the format of the path's ending."""
    if path.name.endswith(".jsonl"):
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    elif path.name.endswith(".jsonl.gz"):
        path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    elif path.suffix == ".json":
        path.write_text(json.dumps(rows))
    elif path.suffix == ".tsv":
        lines = ["\t".join(rows[0])] + ["\t".join(str(cell) for cell in row.values()) for row in rows]
        path.write_text("\n".join(lines) + "\n")
    else:
        book = Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.append(list(rows[0]))
        for row in rows:
            sheet.append(list(row.values()))
        book.save(path)
    return path


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.json", "a.tsv", "a.xlsx"])
def test_every_format_gives_the_same_problems_and_responses(tmp_path: Path, name: str):
    saved = read_saved(write(tmp_path / name, ROWS), {})
    assert str(saved.columns) == "response=prediction, id=index, answer=answer, question=question"
    problems, ids = own_problems(saved, get_benchmark("mmstar"))
    assert ids == ["0", "1"]
    assert [(each.answer, each.choices) for each in problems] == [("A", ("red", "blue")), ("B", ("me", "you"))]
    pairs = match(saved, ids, problems)
    assert [(asked.id, said.text, said.run, said.stop_reason) for asked, said in pairs] == [
        ("0", "A", 0, None),
        ("1", "A", 0, None),
    ]


def test_json_comes_in_several_shapes(tmp_path: Path):
    path = tmp_path / "a.json"
    nested = [{"question": {"question": "Which?", "answer": "A"}, "model_output": "A"}]
    for value in ({"accuracy": 1.0, "results": nested}, nested):
        path.write_text(json.dumps(value))
        assert read_rows(path)[0]["question"] == "Which?"
        assert read_rows(path)[0]["answer"] == "A"
    path.write_text(json.dumps({"x1": "A", "x2": "B"}))
    assert read_rows(path) == [{"id": "x1", "response": "A"}, {"id": "x2", "response": "B"}]
    path.write_text(json.dumps({"x1": {"response": "A"}}))
    assert read_rows(path) == [{"id": "x1", "response": "A"}]
    for value, words in ((3, "holds no table of responses"), ({"a": [1]}, "holds no table"), ([], "holds no table")):
        path.write_text(json.dumps(value))
        with pytest.raises(InputError, match=words):
            read_rows(path)
    path.write_text("{")
    with pytest.raises(InputError, match="expected JSON"):
        read_rows(path)


def test_what_is_no_workbook_or_needs_the_extra_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.xlsx"
    path.write_text("no workbook")
    with pytest.raises(InputError, match="no xlsx file"):
        read_rows(path)
    with pytest.raises(FileError, match="cannot be read"):
        read_rows(tmp_path / "none.xlsx")
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    with pytest.raises(MissingExtraError, match=r'pip install "vlm-synergy\[xlsx\]"'):
        read_rows(path)


def test_cells_that_xlsx_cut_are_counted(tmp_path: Path):
    rows = [{**ROWS[0], "prediction": "x" * (XLSX_CELL_CHARACTERS + 5)}, ROWS[1]]
    assert read_saved(write(tmp_path / "a.xlsx", rows), {}).num_cut == 1
    assert read_saved(write(tmp_path / "a.jsonl", rows), {}).num_cut == 0


def test_columns_are_found_by_name_whatever_the_case_or_said():
    found = find_columns("f", ["Prediction", "GROUND_TRUTH", "question_id", "pred"], {})
    assert (found.response, found.answer, found.id) == ("Prediction", "GROUND_TRUTH", "question_id")
    assert find_columns("f", ["Prediction", "mine"], {"response": "mine"}).response == "mine"


@pytest.mark.parametrize(
    ("names", "given", "words"),
    [
        (["id", "reply"], {}, "f: no column of responses; expected one of response, "),
        (["id", "reply"], {"response": "repl"}, "no such column (did you mean 'reply'?); it has: id, reply"),
        (["id", "reply"], {"respons": "reply"}, "unknown role in --column 'respons' (did you mean 'response'?)"),
    ],
)
def test_columns_that_are_not_there_are_one_line(names: list[str], given: dict[str, str], words: str):
    with pytest.raises(InputError) as caught:
        find_columns("f", names, given)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def problems(*ids: str) -> list[Problem]:
    return [Problem(id=each, question="?", answer="1", answer_kind=AnswerKind.INTEGER) for each in ids]


def test_runs_come_from_a_column_from_lists_and_from_repeated_ids(tmp_path: Path):
    rows: list[dict[str, Any]] = [
        {"id": "b", "response": "b1", "run": 1},
        {"id": "b", "response": "b0", "run": 0},
        {"id": "a", "response": ["a0", "a1"], "run": 0},
    ]
    saved = read_saved(write(tmp_path / "a.jsonl", rows), {})
    pairs = match(saved, saved.ids(), problems("a", "b"))
    assert [(asked.id, said.run, said.text) for asked, said in pairs] == [
        ("a", 0, "a0"),
        ("a", 1, "a1"),
        ("b", 0, "b0"),
        ("b", 1, "b1"),
    ]


def test_absent_and_failed_responses_stay_in_the_denominator(tmp_path: Path):
    rows: list[dict[str, Any]] = [
        {"id": 2.0, "response": "Failed to obtain answer via API.", "finish_reason": None},
        {"id": 3, "response": None, "finish_reason": "length"},
    ]
    saved = read_saved(write(tmp_path / "a.jsonl", rows), {})
    pairs = match(saved, saved.ids(), problems("1", "2", "3"))
    assert [said.stop_reason for _, said in pairs] == [StopReason.FAILED, StopReason.FAILED, StopReason.LENGTH]
    assert [said.text for _, said in pairs] == ["", "", ""]


def test_responses_to_none_of_the_problems_are_refused(tmp_path: Path):
    saved = read_saved(write(tmp_path / "a.jsonl", [{"id": "x", "response": "1"}]), {})
    with pytest.raises(InputError, match="1 ids are none of the data's, the first is 'x'; expected ids such as '1'"):
        match(saved, saved.ids(), problems("1"))
    nameless = read_saved(write(tmp_path / "b.jsonl", [{"response": "1"}]), {})
    with pytest.raises(InputError, match="no column of ids"):
        nameless.ids()
    with pytest.raises(InputError, match="its columns make no problem of mmstar"):
        own_problems(nameless, get_benchmark("mmstar"))


def test_rules_need_no_questions(tmp_path: Path):
    rows: list[dict[str, Any]] = [{"id": "x_Art_1", "answer": "B", "index2ans": {"A": "1", "B": "2"}, "response": "B"}]
    saved = read_saved(write(tmp_path / "a.jsonl", rows), {})
    found, ids = own_problems(saved, get_benchmark("mmmu"))
    assert (found[0].answer, found[0].choices, ids) == ("B", ("1", "2"), ["x_Art_1"])
