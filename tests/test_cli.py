"""The command line: one-line errors, exit statuses, what `--help` imports, what `diff` and `doctor` say."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

import synergy
from synergy.cli import VERBS, run
from synergy.cli import synergy as command
from synergy.cli.doctor import CHROMIUM_NAMES, OPTIONAL_PACKAGES
from synergy.errors import FileError

CONFIGS = Path(synergy.__file__).parent / "pocket" / "configs"
SMALL, TINY = str(CONFIGS / "small.yaml"), str(CONFIGS / "tiny.yaml")


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)


def test_help_imports_neither_torch_nor_pydantic_nor_numpy_nor_any_verb() -> None:
    code = (
        "import sys; from synergy.cli import run; assert run(['--help']) == 0; "
        "heavy = {'torch', 'pydantic', 'numpy', 'yaml', 'rich', 'synergy.cli.diff', 'synergy.cli.pocket'}; "
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    result = python(code)
    assert result.returncode == 0, result.stderr
    for name, verb in VERBS.items():
        assert name in result.stdout
        assert verb.summary in result.stdout


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"synergy {synergy.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["dif"], "unknown command 'dif' (did you mean 'diff'?); expected one of: study, tune, show, train, eval, "),
        (["--versoin"], "Did you mean '--version'?; see 'synergy --help'"),
        (["diff", "--jsn", "a", "b"], "No such option '--jsn'"),
        (["diff", "a"], "Missing argument 'B'; see 'synergy diff --help'"),
        (["diff", "nowhere.yaml", SMALL], "nowhere.yaml: no such file"),
        (["diff", SMALL, SMALL, "--set", "sed=1"], "--set sed=1: unknown key 'sed' (did you mean 'seed'?)"),
    ],
)
def test_an_error_is_one_line_with_status_2(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("synergy: error: ")
    assert err.count("\n") == 1
    assert words in err


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    @click.command()
    def broken() -> None:
        raise error

    monkeypatch.setattr(command, "get_command", lambda ctx, name: broken)


def test_an_interruption_is_one_line_with_status_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raising(monkeypatch, KeyboardInterrupt())
    assert run(["diff"]) == 130
    assert capsys.readouterr().err == "synergy: error: interrupted\n"


def test_a_file_error_is_one_line_and_a_bug_keeps_its_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    raising(monkeypatch, FileError("a: full\n  disk"))
    assert run(["diff"]) == 2
    assert capsys.readouterr().err == "synergy: error: a: full disk\n"
    raising(monkeypatch, AssertionError("our own bug"))
    with pytest.raises(AssertionError, match="our own bug"):
        run(["diff"])


def test_a_reader_that_leaves_early_sees_no_traceback() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        code = "from synergy.cli import main; main()"
        result = subprocess.run(
            [sys.executable, "-c", code, "--help"],
            check=False,
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert (result.returncode, result.stderr) == (1, "")


def test_diff_of_equal_configs_says_so_with_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["diff", SMALL, SMALL]) == 0
    assert "equal in every field" in capsys.readouterr().out


def test_diff_as_json_holds_exactly_the_differing_fields(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["diff", SMALL, SMALL, "--set", "seed=3", "--set", "stages.cells.batch_size=8", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["differences"] == [
        {"path": "seed", "left": 0, "right": 3},
        {"path": "stages.cells.batch_size", "left": 64, "right": 8},
    ]


def test_diff_as_a_table_cuts_no_value(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    size = "a" * 50 + "z"
    assert run(["diff", TINY, TINY, "--set", f"size={size}"]) == 1
    out = capsys.readouterr().out
    assert out.count("a") > 50
    assert "z" in out
    assert "…" not in out


def test_doctor_reports_every_part_and_how_to_get_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert run(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    checks = {check["name"]: check for check in report["checks"]}
    assert report["ok"]
    assert {"python", "memory", "disk", "torch", "torch threads", "accelerator", "pocket model"} <= set(checks)
    assert set(OPTIONAL_PACKAGES) <= set(checks)
    assert all(check["mend"] for check in checks.values() if not check["ok"])
    assert not checks["chromium"]["ok"], CHROMIUM_NAMES
    assert checks["pydantic"]["required"]


def test_doctor_says_how_a_model_runs(untrained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--json", "--model", str(untrained)]) == 0
    checks = {check["name"]: check["found"] for check in json.loads(capsys.readouterr().out)["checks"]}
    assert "runs as trees: trees agree with the model's own forward" in checks["model"]
    assert run(["doctor", "--model", "nowhere/at-all"]) == 2
    assert "nowhere/at-all" in capsys.readouterr().err


def test_doctor_fails_where_a_required_package_is_too_old(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("synergy.cli.doctor.metadata.requires", lambda name: ["click>=999", "nosuchpackage>=1"])
    assert run(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "FAIL" in out
    assert "pip install 'click>=999'" in " ".join(out.split())
    assert "nosuchpackage" in out
