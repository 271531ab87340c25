"""The recipe eureka_distill: its steps, what each reads, and that the smallest version makes its data set."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from synergy.cli import run
from synergy.config.data import FileDataConfig, PocketDataConfig
from synergy.config.distil import DistilConfig
from synergy.config.train import TrainConfig
from synergy.evaluation.distil_counts import read_counts
from synergy.recipes.step import STEP_DATA, STEP_MODEL, STEP_VALIDATION, Step
from synergy.studies.graph import Graph, make_graph
from synergy.studies.load import load_study
from synergy.studies.train_step import with_inputs

STUDIES = Path(__file__).parents[1] / "studies"


def steps_of(graph: Graph) -> dict[str, Step]:
    stages = next(each for each in graph.runs if each.arm == "eureka_distill").stages
    return {stage: next(step for step in graph.steps if step.key == key) for stage, key in stages.items()}


@pytest.mark.parametrize("name", ["eureka_distill", "eureka_distill_7b"])
def test_text_then_sampling_then_sft_from_the_base_model(name: str):
    study = load_study(STUDIES / f"{name}.yaml", [])
    steps = steps_of(make_graph(study))
    text, distilled, last = (steps[stage] for stage in ("text_sft", "distilled", "distilled_sft"))
    assert (dict(text.inputs), dict(distilled.inputs), dict(last.inputs)) == ({}, {"model": text}, {"data": distilled})
    assert isinstance(distilled.config, DistilConfig)
    found = distilled.config
    assert (found.samples_per_problem, found.keep, found.unsolved) == (8, "shortest", "leave_out")
    assert found.model.checkpoint == STEP_MODEL
    assert isinstance(last.config, TrainConfig)
    assert last.config.model.checkpoint == study.stages["common"]["model"]["checkpoint"]  # type: ignore[index]
    assert isinstance(last.config.data, FileDataConfig)
    assert last.config.data.path == STEP_DATA
    made = with_inputs(last.config, {"data": Path("made")})
    assert made.evaluation is not None
    assert isinstance(made.data, FileDataConfig)
    assert isinstance(made.evaluation.data, FileDataConfig)
    assert made.data.path == Path("made/data.parquet")
    assert made.evaluation.data.path == Path("made/validation.parquet")


def test_the_pocket_is_taught_in_words_and_asked_about_pictures():
    steps = steps_of(make_graph(load_study(STUDIES / "eureka_distill.yaml", [])))
    taught, asked = steps["text_sft"].config, steps["distilled"].config
    assert isinstance(taught, TrainConfig)
    assert isinstance(asked, DistilConfig)
    assert isinstance(taught.data, PocketDataConfig)
    assert isinstance(asked.data, PocketDataConfig)
    assert (taught.data.twins, asked.data.twins) == (True, False)


def test_without_a_held_out_share_the_studys_own_problems_validate():
    study = load_study(STUDIES / "eureka_distill.yaml", ["stages.distilled.validation_share=0.0"])
    last = steps_of(make_graph(study))["distilled_sft"].config
    assert isinstance(last, TrainConfig)
    assert last.evaluation is not None
    assert isinstance(last.evaluation.data, PocketDataConfig)
    assert last.evaluation.data.split == "validation"
    kept = steps_of(make_graph(load_study(STUDIES / "eureka_distill.yaml", [])))["distilled_sft"].config
    assert isinstance(kept, TrainConfig)
    assert kept.evaluation is not None
    assert isinstance(kept.evaluation.data, FileDataConfig)
    assert kept.evaluation.data.path == STEP_VALIDATION


@pytest.mark.slow
def test_the_smallest_version_makes_the_data_set(tmp_path: Path):
    out = tmp_path / "study"
    command = ["study", str(STUDIES / "eureka_distill.yaml"), "--set", "scale=smoke", "--out", str(out), "--no-report"]
    assert run([*command, "--only", "eureka_distill", "--threads", "1"]) == 0
    (folder,) = (out / "steps").glob("distil-*")
    counts = read_counts(folder)
    train, held_out = (pq.read_table(folder / name) for name in ("data.parquet", "validation.parquet"))
    assert train.num_rows + held_out.num_rows == counts.num_rows
    assert held_out.num_rows == counts.num_validation_rows > 0
    assert not set(train["problem_id"].to_pylist()) & set(held_out["problem_id"].to_pylist())
    assert {len(images) for images in train["images"].to_pylist()} == {1}
