"""`synergy data pipeline` and `data show` as commands: plan, page, one-line errors, the examples that are shipped."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from loopback import Refusal, loopback
from pipeline_cases import completion, endpoint, questions

from synergy.cli import run, synergy
from synergy.config.load import load
from synergy.config.pipeline import PipelineConfig
from synergy.data.pipeline.plan import plan_pipeline

EXAMPLES = Path(__file__).parents[1] / "examples" / "pipelines"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def finished(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The pocket's example, smaller."""
    out = tmp_path / "run"
    small = ["--set", "sources.boards.data.num_problems=30", "--set", "sources.plots.data.num_problems=10"]
    assert run(["data", "pipeline", str(EXAMPLES / "pocket.yaml"), *small, "--out", str(out)]) == 0
    capsys.readouterr()
    return out


def test_help_needs_no_torch() -> None:
    modules = ", ".join(f"synergy.cli.{name}" for name in ("data", "data_pipeline_run", "data_show_run"))
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert "--plan" in CliRunner().invoke(synergy, ["data", "pipeline", "--help"]).output


def test_the_page_holds_pictures_and_steps_and_asks_for_nothing(finished: Path) -> None:
    page = (finished / "samples.html").read_text(encoding="utf-8")
    assert "data:image/webp;base64," in page
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page
    assert all(step in page for step in ("caption: kept", "distil: kept", "rewrite: kept", "verify: kept"))


def test_show_browses_samples(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "show", str(finished), "--dropped", "wrong_answer", "--num", "1"]) == 0
    shown = capsys.readouterr().out
    assert "dropped by verify: wrong_answer" in " ".join(shown.split())
    assert run(["data", "show", str(finished), "--id", "boards/train-sum-1-0-s0", "--prompts"]) == 0
    assert "sha256:" in capsys.readouterr().out
    assert run(["data", "show", str(finished), "--dropped", "wrong_answr"]) == 2
    assert "did you mean 'wrong_answer'?" in capsys.readouterr().err
    assert run(["data", "show", str(finished), "--id", "x"]) == 2
    assert run(["data", "show", str(finished), "--id", "x", "--failed"]) == 2
    assert run(["data", "show", str(finished.parent)]) == 2


def test_the_plan_counts_what_is_asked() -> None:
    config = load(EXAMPLES / "pocket.yaml", PipelineConfig, ["sources.boards.data.num_problems=100"])
    boards, plots = plan_pipeline(config)
    caption, distil, *_, split = boards.steps
    assert (boards.num_problems, boards.is_counted, caption.num_calls) == (100, True, 100)
    assert distil.num_calls == pytest.approx(97)
    assert caption.completion_tokens == 8000
    per_call = caption.prompt_tokens / 100
    assert 120 < per_call < 260  # the template of some 900 characters, and 16 tokens of image
    assert caption.cost == pytest.approx(100 * (round(per_call) * 2.5 + 80 * 10.0) / 1e6)
    assert (split.num_calls, split.cost) == (0, 0)
    assert (plots.num_rl, plots.num_sft) == (pytest.approx(plots.num_kept), 0)
    assert boards.num_rl is None


def test_vlaa_thinking_is_planned_beside_table_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "pipeline", str(EXAMPLES / "vlaa_thinking.yaml"), "--plan"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "167,182" in shown  # captions: six sets without Math PUMA
    assert "144,895" in shown
    assert "126,413" in shown
    assert "nothing was asked" in shown
    planned = {each.name: each for each in plan_pipeline(load(EXAMPLES / "vlaa_thinking.yaml", PipelineConfig))}
    assert planned["math_puma"].steps[0].num_calls == 0
    assert planned["math_puma"].steps[1].num_calls == 30_000
    assert planned["geoqa170k"].num_rl == planned["geoqa170k"].num_problems
    assert planned["clevr_math"].num_rl == 2000


def test_bad_input_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def refusal(*steps: dict[str, object], status: int | None = 401) -> str:
        def answer(path: str, body: object) -> dict[str, object]:
            if status is not None:
                raise Refusal(status)
            return completion("<think>a</think>b")

        with loopback(answer) as server:
            values = {
                "kind": "pipeline",
                "sources": {"q": {"data": questions(tmp_path / "q.jsonl", 5), "pool": "sft"}},
                "endpoints": {"only": endpoint(server.url)},
                "steps": list(steps) or [{"step": "distil", "endpoints": {"only": 1.0}}],
            }
            config = tmp_path / "p.yaml"
            config.write_text(yaml.safe_dump(values))
            assert run(["data", "pipeline", str(config), "--out", str(tmp_path / "run")]) == 2
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        return err

    template = tmp_path / "own.jinja"
    template.write_text("{% block system %}{% endblock %}{% block user %}{{ qestion }}{% endblock %}")
    own: dict[str, object] = {"step": "distil", "endpoints": {"only": 1.0}, "template": str(template)}
    assert "check url, model and key" in refusal()
    assert "unknown field 'qestion' (did you mean 'question'?); it may use: question, choices, answer" in refusal(own)
    assert "answered none of the last 4 requests" in refusal(status=503)
    assert "missing.py: cannot be read" in refusal({"step": "function", "name": "f", "path": "missing.py:f"})
    table = tmp_path / "missing_image.jsonl"
    row = {"id": "1", "question": "q", "answer": "4", "answer_kind": "integer", "images": ["gone.png"]}
    table.write_text(json.dumps(row))
    values = yaml.safe_load((tmp_path / "p.yaml").read_text())
    values["sources"]["q"]["data"]["path"] = str(table)
    (tmp_path / "p.yaml").write_text(yaml.safe_dump(values))
    assert run(["data", "pipeline", str(tmp_path / "p.yaml"), "--out", str(tmp_path / "run")]) == 2
    assert "gone.png does not exist" in capsys.readouterr().err


def test_texts_of_models_and_data_are_escaped(tmp_path: Path) -> None:
    rows = [{"id": HOSTILE, "question": HOSTILE, "answer": "4", "answer_kind": "integer"}]
    table = tmp_path / "t.jsonl"
    table.write_text("\n".join(map(json.dumps, rows)))
    with loopback(lambda path, body: completion(f"<think>[bold]{HOSTILE}</think>{HOSTILE}")) as server:
        values = {
            "kind": "pipeline",
            "sources": {"q": {"data": {"source": "file", "path": str(table)}}},
            "endpoints": {"only": endpoint(server.url)},
            "steps": [{"step": "distil", "endpoints": {"only": 1.0}}, {"step": "split"}],
        }
        (tmp_path / "p.yaml").write_text(yaml.safe_dump(values))
        assert run(["data", "pipeline", str(tmp_path / "p.yaml"), "--out", str(tmp_path / "run")]) == 0
    page = (tmp_path / "run" / "samples.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert run(["data", "show", str(tmp_path / "run")]) == 0


def test_pocket_serve_refuses_faults_that_do_not_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["pocket", "serve", "--num", "1", "--fault", "wrong_anser=0.1"]) == 2
    assert "did you mean 'wrong_answer'?" in capsys.readouterr().err
    assert run(["pocket", "serve", "--num", "1", "--fault", "refusal=2"]) == 2
    assert "share from 0 to 1" in capsys.readouterr().err
