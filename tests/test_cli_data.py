"""`synergy data`: help without torch, the documented commands."""

import subprocess
import sys
from pathlib import Path

import pytest

from synergy.cli import run
from synergy.cli.data import VERBS


def test_help_of_each_verb_needs_neither_torch_nor_pyarrow():
    code = (
        "import sys; from synergy.cli import run; "
        f"[run(['data', *verb, '--help']) for verb in ([], *([name] for name in {list(VERBS)}))]; "
        "sys.exit(str({'torch', 'pyarrow', 'transformers'} & set(sys.modules)).replace('set()', ''))"
    )
    result = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert result.stderr.strip() == ""
    for name, verb in VERBS.items():
        assert name in result.stdout
        assert verb.summary in result.stdout


@pytest.mark.slow
def test_the_documented_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    root = Path(__file__).parents[1]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(root / "examples")
    section = (root / "docs" / "data.md").read_text().partition("## Filter, split, tag and distil")[2].split("```")[1]
    commands = [line.partition(" #")[0].replace("'", "").split()[1:] for line in section.splitlines() if line]
    assert [command[:2] for command in commands] == [
        ["pocket", "export"],
        ["data", "filter"],
        ["data", "filter"],
        ["data", "split"],
        ["distil", "examples/distil/pocket.yaml"],
    ]
    for command in commands:
        assert run(command) == 0, command
    for made in ("calm/data.parquet", "filtered/filtered.json", "parts/test.parquet", "trimmed/data.parquet"):
        assert (tmp_path / made).exists()
