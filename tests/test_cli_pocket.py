"""`synergy pocket` as a user meets it: what it makes, and one clear line for what it can't use."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from synergy.cli import run
from synergy.cli.pocket import VERBS, pocket


def test_show_and_export_make_what_they_say(tmp_path: Path, capsys) -> None:
    sheet = tmp_path / "sheet.png"
    assert run(["pocket", "show", "--family", "locate", "--level", "5", "--num", "3", "--out", str(sheet)]) == 0
    assert Image.open(sheet).width > 1000
    assert run(["pocket", "export", "--split", "evaluation", "--num", "20", "--out", str(tmp_path / "data")]) == 0
    assert (tmp_path / "data" / "evaluation.parquet").stat().st_size > 10_000
    assert "20 problems" in capsys.readouterr().out
    assert run(["pocket", "export", "--split", "evaluation", "--num", "10", "--out", str(tmp_path / "data")]) == 0


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["show", "--family", "cuont", "--out", "{tmp}/s.png"], ["unknown family 'cuont'", "did you mean 'count'"]),
        (["show", "--family", "sum", "--level", "6", "--out", "{tmp}/s.png"], ["level 6", "1 (easiest) to 5"]),
        (["show", "--family", "sum", "--out", "{tmp}/no/such/s.png"], ["cannot write", "writable"]),
        (["show", "--famly", "sum"], ["--famly", "--family"]),
        (["show", "--family", "sum"], ["--out"]),
        (["export", "--split", "test", "--out", "{tmp}"], ["unknown split 'test'", "train, validation, evaluation"]),
        (["export", "--num", "5", "--out", "/proc/none"], ["cannot write", "writable folder"]),
        (["export", "--num", "many", "--out", "{tmp}"], ["'many'", "--num"]),
        (["card", "--model", "{tmp}"], ["no model in", "synergy pocket build"]),
        (["build", "--size", "smal", "--out", "{tmp}/m"], ["unknown size 'smal'", "did you mean 'small'"]),
        (["build", "--set", "stages.cells.num_step=3", "--out", "{tmp}/m"], ["num_step", "did you mean 'num_steps'"]),
        (["build", "--out", "{tmp}"], ["exists", "--out"]),
        (["build", "--out", "/proc/none/model"], ["cannot make", "writable"]),
        (["shwo"], ["unknown command 'shwo'", "did you mean 'show'"]),
    ],
)
def test_bad_input_is_one_line_and_status_2(arguments: list[str], parts: list[str], tmp_path: Path, capsys) -> None:
    status = run(["pocket", *(argument.replace("{tmp}", str(tmp_path)) for argument in arguments)])
    error = capsys.readouterr().err.strip()
    assert status == 2
    assert error.startswith("synergy: error: ")
    assert "\n" not in error
    assert all(part in error for part in parts), error


def test_help_lists_every_verb() -> None:
    shown = CliRunner().invoke(pocket, ["--help"]).output
    assert all(verb in shown for verb in VERBS)
