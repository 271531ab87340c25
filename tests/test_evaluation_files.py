"""What lies beside a score: samples with their text, problems, pictures once each; data sets as evaluation sets."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from evaluation_cases import RIGHT, WRONG, ScriptedAnswerer, Silent, asked, problem, protocol, small_set
from PIL import Image

from synergy.config.data import FileDataConfig, PocketDataConfig
from synergy.data.load import open_data
from synergy.evaluation.answerer import OnProgress
from synergy.evaluation.evaluation_set import EvaluationSet
from synergy.evaluation.examples_set import examples_set
from synergy.evaluation.pocket_set import pocket_set
from synergy.evaluation.responses import Response
from synergy.evaluation.run import Evaluation
from synergy.pocket import stream
from synergy.pocket.export import export
from synergy.records import Problem

RED, BLUE = Image.new("RGB", (9, 7), "red"), Image.new("RGB", (9, 7), "blue")
PROBLEMS = [
    replace(problem(number, level=number % 2 + 1), images=(RED, BLUE) if number == 2 else (RED,)) for number in range(5)
]
TEXTS = {each.id: [RIGHT, WRONG] for each in PROBLEMS}


def run_of(answerer: ScriptedAnswerer, *, pictures: bool = True, num_runs: int = 2) -> Evaluation:
    found = protocol(num_runs=num_runs)
    return Evaluation(protocol=found, asked=asked(found), answerer=lambda: answerer, keeps_pictures=pictures)


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "problems.jsonl").read_text().splitlines()]


def test_samples_have_the_full_text_and_the_verdict(tmp_path: Path):
    texts = {**TEXTS, "p1": ["<think>\ud800</think> \\boxed{4}", "<think>no end"]}  # half a surrogate pair
    run_of(ScriptedAnswerer(texts)).evaluate(small_set(PROBLEMS), tmp_path, Silent())
    table = pq.read_table(tmp_path / "samples.parquet")
    assert table.schema.metadata[b"synergy.rule"] == b"strict"
    found = table.to_pylist()
    assert [(each["problem_id"], each["run"]) for each in found] == [(f"p{n}", run) for n in range(5) for run in (0, 1)]
    assert found[0] == {
        "problem_id": "p0",
        "family": "",
        "answer_kind": "integer",
        "level": 1,
        "generating_level": 1,
        "run": 0,
        "question": "What is question 0?",
        "gold": "4",
        "text": RIGHT,
        "num_tokens": 10,
        "stop_reason": "stop",
        "status": "correct",
        "score": 1.0,
        "extracted": "4",
        "rule": "integer/exact",
        "extractor": "extract/boxed",
        "correct_leniently": True,
        "truncated": False,
    }
    assert found[2]["text"] == "<think>\\ud800</think> \\boxed{4}"
    assert (found[3]["truncated"], found[3]["status"], found[3]["extracted"]) == (True, "wrong", None)


def test_pictures_are_files_once_each(tmp_path: Path):
    run_of(ScriptedAnswerer(TEXTS)).evaluate(small_set(PROBLEMS), tmp_path, Silent())
    names = [each["images"] for each in rows(tmp_path)]
    files = sorted(path.name for path in (tmp_path / "images").iterdir())
    assert len(files) == 2
    assert names[0] == names[1] == names[3]
    assert sorted(names[2]) == files
    with Image.open(tmp_path / "images" / names[2][1]) as image:
        assert image.convert("RGB").tobytes() == BLUE.tobytes()
    assert not (tmp_path / "shards").exists()
    run_of(ScriptedAnswerer(TEXTS), pictures=False).evaluate(small_set(PROBLEMS), tmp_path / "without", Silent())
    assert not (tmp_path / "without" / "images").exists()
    assert rows(tmp_path / "without")[0]["images"] == []


def test_a_resumed_evaluation_draws_no_picture_twice(tmp_path: Path):
    class Seen:
        """Counts pictures that are drawn."""

        def __init__(self) -> None:
            self.drawn: list[int] = []

        def __len__(self) -> int:
            return len(PROBLEMS)

        def __getitem__(self, index: int) -> Problem:
            self.drawn.append(index)
            return PROBLEMS[index]

        def text(self, index: int) -> Problem:
            return replace(PROBLEMS[index], images=())

    class Dying(ScriptedAnswerer):
        def answer(self, problems: Sequence[Problem], on_progress: OnProgress) -> list[Response]:
            if self.asked:
                raise KeyboardInterrupt
            return super().answer(problems, on_progress)

    def on(problems: Seen) -> EvaluationSet:
        return replace(small_set(PROBLEMS), problems=problems)

    first, second = Seen(), Seen()
    with pytest.raises(KeyboardInterrupt):
        run_of(Dying(TEXTS)).evaluate(on(first), tmp_path / "a", Silent())
    assert first.drawn == [0, 0, 1, 2, 3]  # the first one also for the prompt that is kept
    run_of(ScriptedAnswerer(TEXTS)).evaluate(on(second), tmp_path / "a", Silent())
    assert second.drawn == [0, 2, 3, 4]
    run_of(ScriptedAnswerer(TEXTS)).evaluate(small_set(PROBLEMS), tmp_path / "b", Silent())
    for name in ("problems.jsonl", "samples.parquet", "items.jsonl"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_the_pockets_texts_are_its_problems_without_pictures():
    on = pocket_set(num_problems=16)
    assert on.texts() == [replace(each, images=()) for each in on.shown(range(16))]


def test_a_file_is_the_same_set_as_the_pocket_it_was_written_from(tmp_path: Path):
    assert list(export(islice(stream("train", families=["count", "sum"]), 12), tmp_path, "train")) == [12]
    pocket = open_data(PocketDataConfig(source="pocket", num_problems=12, families=("count", "sum")))
    file = open_data(FileDataConfig(source="file", path=tmp_path / "train.parquet"))
    ours, theirs = examples_set(file, "table", "A table"), examples_set(pocket, "pocket", "The pocket")
    assert ours.texts() == theirs.texts()
    assert [each.images[0].tobytes() for each in ours.shown([0, 5])] == [
        each.images[0].tobytes() for each in theirs.shown([0, 5])
    ]
    assert (ours.limit, examples_set(file, "table", "A table", limit=5).limit) == (None, 5)
    assert len(examples_set(file, "table", "A table", limit=5).problems) == 5
    texts = {each.id: [RIGHT, RIGHT] for each in ours.texts()}
    score = run_of(ScriptedAnswerer(texts)).evaluate(ours, tmp_path / "out", Silent()).score
    assert set(score.rules["strict"].metrics) == {"accuracy", "mean_score", "accuracy/count", "accuracy/sum"}
    assert score.breakdown is not None
    assert set(score.breakdown.family) == {"count", "sum"}
