"""Benchmarks as evaluation sets, and models that are given: through the same steps as everything else."""

import json
from pathlib import Path
from typing import Any

import pytest

from synergy.cli import run
from synergy.config.benchmark_data import BenchmarkDataConfig
from synergy.config.load import build
from synergy.config.study import StudyConfig
from synergy.config.study_steps import EvaluateStepConfig
from synergy.errors import InputError
from synergy.evaluation.benchmark_sets import benchmark_set
from synergy.studies.graph import make_graph
from synergy.studies.results import StudyResults

MMSTAR = Path(__file__).parent / "fixtures" / "mmstar.tsv"


def document(checkpoint: str, arms: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "study",
        "name": "given",
        "title": "given",
        "evidence": "none",
        "varies": ["recipe"],
        "stages": {"common": {"model": {"checkpoint": checkpoint}}},
        "arms": {"base": {"recipe": "base"}, **arms},
        "evaluation": {
            "protocol": {
                "shipped": "pocket",
                "asking": {"preset": "boxed"},
                "response": {"max_tokens": 8},
                "num_runs": 1,
            },
            "sets": [{"name": "stars", "title": "Stars", "data": {"source": "benchmark", **data}}],
            "levels": None,
        },
    }


def study(arms: dict[str, Any] | None = None, **data: Any) -> StudyConfig:
    values = document("toy/toy", arms or {}, {"benchmark": "mmstar", **data})
    return build(StudyConfig, values, label="test")


def test_a_benchmark_and_given_models_run_through_a_study(untrained: Path, tmp_path: Path):
    arms = {
        "sft": {"recipe": "released", "options": {"checkpoint": str(untrained), "stands_for": "sft"}},
        "ours": {
            "recipe": "released_merging",
            "options": {"sft": str(untrained), "rl": str(untrained), "sft_ratio": 0.5},
        },
    }
    file, out = tmp_path / "given.json", tmp_path / "given"
    data = {"benchmark": "mmstar", "path": str(MMSTAR), "limit": 2}
    file.write_text(json.dumps(document("pocket", arms, data)))
    assert run(["study", str(file), "--out", str(out)]) == 0
    results = StudyResults(out)
    found = results.only_cell.sets["stars"]
    assert (found.title, len(found.problems)) == ("Stars", 2)
    assert set(found.runs) == {"base", "sft", "ours"}
    assert {run.arm: run.recipe for run in results.plan.runs} == {
        "base": "base",
        "sft": "sft",
        "ours": "released_merging",
    }
    score = json.loads((found.runs["sft"][0].folder / "score.json").read_text())
    assert score["benchmark"]["name"] == "stars"
    assert "official" in json.dumps(score), "the authors' own rule stands beside ours"
    assert (out / "report.html").exists()


def test_another_repository_takes_the_place_of_the_benchmarks_own(monkeypatch: pytest.MonkeyPatch):
    from synergy.benchmarks import tables
    from synergy.benchmarks.sources import read_file

    asked: list[tuple[str, str]] = []

    def read(hub: Any) -> Any:
        asked.append((hub.repository, hub.split))
        return read_file(MMSTAR)

    monkeypatch.setattr(tables, "read_hub", read)
    config = BenchmarkDataConfig(source="benchmark", benchmark="mmstar", repository="owner/levelled", limit=1)
    found = benchmark_set(config, "stars", "Stars", is_instructed=False)
    assert asked == [("owner/levelled", "val")]
    assert (found.name, found.title, len(found.problems), found.limit) == ("stars", "Stars", 1, 1)
    assert found.official is not None


def test_a_file_of_a_benchmark_is_part_of_the_key(tmp_path: Path):
    file = tmp_path / "mmstar.tsv"
    keys = set()
    for text in ("one", "two"):
        file.write_text(text)
        keys |= {step.key for step in make_graph(study(path=str(file))).steps}
    assert len(keys) == 2


def test_local_sampling_is_not_part_of_the_key_and_another_back_end_is():
    plain = make_graph(study()).steps[0]
    assert isinstance(plain.config, EvaluateStepConfig)
    assert "backend" not in plain.config.model_dump()
    other = study().model_copy(update={"evaluation": study().evaluation.model_copy(update={"backend": "vllm"})})
    assert make_graph(other).steps[0].key != plain.key


@pytest.mark.parametrize(
    ("arms", "data", "words"),
    [
        ({}, {"benchmark": "mmstars"}, "unknown benchmark 'mmstars' (did you mean 'mmstar'?)"),
        ({}, {"path": "a.tsv", "repository": "b/c"}, "path a.tsv with repository b/c"),
        ({}, {"split": "val"}, "name or split without repository"),
        ({"x": {"recipe": "released"}}, {}, "arm x: option checkpoint is None; expected a folder"),
        ({"x": {"recipe": "released_merging", "options": {"sft": "a/b"}}}, {}, "arm x: option rl is None"),
        (
            {"x": {"recipe": "released", "options": {"checkpoint": "a/b", "stands_for": "sfd"}}},
            {},
            "unknown value of option stands_for of arm x: 'sfd'",
        ),
    ],
)
def test_what_is_refused_is_one_line(arms: dict[str, Any], data: dict[str, Any], words: str):
    with pytest.raises(InputError) as raised:
        make_graph(study(arms, **data))
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
