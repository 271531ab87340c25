"""One data section for a whole study, and the shipped studies of public data."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from synergy.config.data import FileDataConfig
from synergy.config.distil import DistilConfig
from synergy.config.load import load
from synergy.config.resolve import write_resolved
from synergy.config.study import StudyConfig
from synergy.config.study_steps import EvaluateStepConfig
from synergy.config.train import TrainConfig
from synergy.config.tuning import StageTuningConfig, TuneConfig
from synergy.data.load import open_data
from synergy.errors import InputError
from synergy.models.loading import load_model
from synergy.pocket.shipped import WEIGHTS
from synergy.prompts import get_preset
from synergy.recipes.step import Step
from synergy.studies.graph import make_graph
from synergy.studies.load import load_study
from synergy.studies.tuning import Tuning, settings_hash

STUDIES = Path(__file__).parents[1] / "studies"
SENTENCE = "We observe that the circles overlap, hence the pattern is a sum."


@pytest.fixture(scope="module")
def puzzles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in PuzzleVQA's layout."""
    folder = tmp_path_factory.mktemp("puzzles") / "PuzzleVQA"
    for family in ("venn", "grid"):
        (folder / "images" / family).mkdir(parents=True)
        rows = []
        for index in range(60):
            image = f"images/{family}/{family}_{index:04}.png"
            Image.new("RGB", (256, 256), (index, 90, 200)).save(folder / image)
            rows.append(
                {
                    "image": image,
                    "question": "What is the missing number?",
                    "options": ["4", "8", "1", "9"],
                    "answer": "4" if index % 2 else 8,
                    "caption": f"A secret {index // 3}.",
                    "explanation": SENTENCE,
                    "deduction": SENTENCE,
                }
            )
        (folder / f"{family}.json").write_text("\n".join(map(json.dumps, rows)))
    return folder.parent


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file in the layout of MM-Eureka's K12 set."""
    folder = tmp_path_factory.mktemp("exam")
    Image.new("RGB", (30, 20)).save(folder / "a.png")
    rows = [{"id": f"e{i}", "question": "Find $x$.", "answer": f"$${i}$$", "image_path": "a.png"} for i in range(40)]
    (folder / "k12.json").write_text(json.dumps(rows))
    return folder


def _study(name: str, data: Path, *overrides: str) -> StudyConfig:
    return load_study(STUDIES / f"{name}.yaml", [f"data.path={json.dumps(str(data))}", *overrides])


def _sections(steps: tuple[Step, ...]) -> list[tuple[str, FileDataConfig]]:
    """What data each step opens, and for what."""
    found: list[tuple[str, Any]] = []
    for step in steps:
        config = step.config
        if isinstance(config, TrainConfig):
            found.append(("validate", config.validation_data))
            found += [("train", config.data)] if "data" not in step.inputs else []
        elif isinstance(config, DistilConfig):
            found.append(("train", config.data))
        elif isinstance(config, EvaluateStepConfig):
            found.append(("evaluate", config.data))
    return found


@pytest.mark.parametrize("name", ["puzzlevqa", "k12"])
def test_one_path_reaches_all_sections_and_each_has_its_own_part(
    name: str, puzzles: Path, exam: Path, request: pytest.FixtureRequest
):
    path = puzzles if name == "puzzlevqa" else exam
    sections = _sections(make_graph(_study(name, path)).steps)
    assert {use for use, _ in sections} == {"train", "validate", "evaluate"}
    parts = {"train": (0, 0.6), "validate": (0.6, 0.7), "evaluate": (0.7, 1)}
    for use, data in sections:
        assert (data.path, data.layout, data.hashed_part) == (path, name.replace("k12", "mm_eureka_k12"), parts[use])
    opened = {use: set(open_data(data).ids) for use, data in sections}
    assert not opened["train"] & opened["evaluate"] | opened["validate"] & (opened["train"] | opened["evaluate"])


def test_prompts_and_worked_answers_fit_with_room(puzzles: Path):
    study = _study("puzzlevqa", puzzles)
    train = next(step.config for step in make_graph(study).steps if isinstance(step.config, TrainConfig))
    preset = get_preset(train.prompt)
    loaded = load_model(train.model.model_copy(update={"checkpoint": str(WEIGHTS), "device": "cpu"}))
    example = open_data(train.data)[0]
    prompt = loaded.renderer.prompt(example.problem, preset)
    shown = loaded.renderer.text(example.problem, preset)
    assert f"{example.problem.question} {preset.instruction}" in shown
    assert "secret" not in shown
    assert int((prompt.token_ids == loaded.renderer.visual_tokens.placeholder).sum()) == 16  # type: ignore[union-attr]
    longest = 184  # of all published worked answers, as the study's file says
    assert train.sampling.max_tokens >= 1.3 * longest
    assert study.evaluation.protocol.response.max_tokens == train.sampling.max_tokens


def test_a_study_written_resolved_is_readable_and_reads_the_same(puzzles: Path, tmp_path: Path):
    study = _study("puzzlevqa", puzzles)
    write_resolved(study, tmp_path / "study.json")
    again = load(tmp_path / "study.json", StudyConfig)
    assert again == study
    assert again.stages["common"]["data"] == {"hashed_part": [0, 0.6]}, "stages stay as they were written"
    assert {step.key for step in make_graph(again).steps} == {step.key for step in make_graph(study).steps}


def test_another_source_is_left_alone(puzzles: Path, tmp_path: Path):
    values = yaml.safe_load((STUDIES / "puzzlevqa.yaml").read_text())
    pocket = {"source": "pocket", "split": "evaluation", "num_problems": 5}
    values["evaluation"]["sets"].append({"name": "pocket", "title": "Pocket", "data": pocket})
    values["stages"]["rl"]["data"] = {"source": "pocket", "num_problems": 7}
    values["stages"]["sft"]["optimizer"]["learning_rate"] = 0.001  # PyYAML reads 1e-3 as a text
    values["stages"]["rl"]["optimizer"]["learning_rate"] = 0.001
    (tmp_path / "mixed.yaml").write_text(yaml.safe_dump(values, sort_keys=False))
    study = load_study(tmp_path / "mixed.yaml", [f"data.path={json.dumps(str(puzzles))}"])
    assert [each.data.source for each in study.evaluation.sets] == ["file", "pocket"]
    steps = {step.name: step.config for step in make_graph(study).steps}
    rl = steps["rl/rl, seed 0"]
    assert isinstance(rl, TrainConfig)
    assert (rl.data.source, rl.data.num_problems) == ("pocket", 7)
    assert rl.evaluation is not None
    assert isinstance(rl.evaluation.data, FileDataConfig)


def test_what_a_stage_changes_of_its_data_keeps_its_part(puzzles: Path):
    study = _study("puzzlevqa", puzzles, "stages.mixing_data.data={num_problems: 4}")
    distil = next(step.config for step in make_graph(study).steps if isinstance(step.config, DistilConfig))
    assert isinstance(distil.data, FileDataConfig)
    assert (distil.data.num_problems, distil.data.hashed_part) == (4, (0, 0.6))


def test_a_key_depends_on_the_tables_of_a_folder(puzzles: Path):
    keys = [step.key for step in make_graph(_study("puzzlevqa", puzzles)).steps]
    file = puzzles / "PuzzleVQA" / "venn.json"
    text = file.read_text()
    file.write_text(text + "\n")
    changed = [step.key for step in make_graph(_study("puzzlevqa", puzzles)).steps]
    file.write_text(text)
    assert not set(keys) & set(changed)
    assert [step.key for step in make_graph(_study("puzzlevqa", puzzles)).steps] == keys


def test_rates_are_chosen_under_data_wherever_it_lies(puzzles: Path, tmp_path: Path):
    plain = settings_hash(_study("puzzlevqa", puzzles))
    assert settings_hash(_study("puzzlevqa", tmp_path)) == plain
    assert settings_hash(_study("puzzlevqa", puzzles, "data.trace_column=other")) != plain


def test_a_tuning_trains_where_its_validation_problems_lie(puzzles: Path):
    data = FileDataConfig(source="file", path=puzzles, layout="puzzlevqa", hashed_part=(0.6, 0.7))
    config = TuneConfig(
        kind="tune",
        study=Path("puzzlevqa.yaml"),
        result=Path("tuned.yaml"),
        stages={"sft": StageTuningConfig(arm="sft", learning_rates=(1e-4, 1e-3))},
        data=data,
    )
    tuning = Tuning(config, STUDIES / "tune.yaml")
    assert tuning.settings == settings_hash(_study("puzzlevqa", puzzles))
    sections = _sections(make_graph(tuning.study({})).steps)
    assert {data.path for _, data in sections} == {puzzles}
    assert {data.hashed_part for use, data in sections if use == "evaluate"} == {(0.6, 0.7)}


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["data.pathh=x"], "unknown key 'evaluation.sets.0.data.pathh' (did you mean 'path'?)"),
        (["data.layout=puzzle"], "(did you mean 'puzzlevqa'?)"),
        (["stages.common.evaluation.data=null"], "expected evaluation.data: only the pocket has a validation split"),
        (["stages.common.data.hashed_part=[0.6,0.2]"], "expected a start below the end"),
    ],
)
def test_what_does_not_fit_is_one_line(overrides: list[str], words: str, puzzles: Path):
    with pytest.raises(InputError) as caught:
        make_graph(_study("puzzlevqa", puzzles, *overrides))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
