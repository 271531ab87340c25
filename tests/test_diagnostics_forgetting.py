"""Forgetting by hand and planted: groups, verdicts, whose doing it is, what was trained on."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from evaluation_cases import problem

from synergy.config.load import build
from synergy.config.resolve import write_resolved
from synergy.config.train import TrainConfig
from synergy.data.examples import Example
from synergy.diagnostics.diagnostic import Inquiry, LackingError
from synergy.diagnostics.forgetting import forgetting, problem_scores
from synergy.diagnostics.restoration import recovery, restoration, tuned_of
from synergy.diagnostics.samples import Sample
from synergy.diagnostics.subject import Subject
from synergy.diagnostics.surprise import choose_examples, nearest_and_farthest
from synergy.diagnostics.trained_on import made_by_one_run, trained_families, training_data
from synergy.diagnostics.whose_doing import judge, whose_doing
from synergy.evaluation.samples import SCHEMA
from synergy.statistics.bootstrap import BootstrapDifference

FAMILIES = ("jigsaw", "sum", "describe")


def write_evaluation(folder: Path, rates: dict[str, float], *, num: int = 120) -> Path:
    """Two attempts at `num` problems of each family, of which a family's rate is right."""
    folder.mkdir(parents=True)
    empty: dict[str, Any] = {field.name: None for field in SCHEMA}
    rows = []
    for family, rate in rates.items():
        for number in range(num):
            for run in (0, 1):
                right = number < round(rate * num)
                values = {"problem_id": f"{family}-{number}", "family": family, "level": number % 2 + 1, "run": run}
                status = {"status": "correct" if right else "wrong", "score": 1.0 if right else 0.5}
                answer = {"question": "?", "gold": "1", "answer_kind": "number", "text": "1", "truncated": False}
                rows.append({**empty, **values, **status, **answer})
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), folder / "samples.parquet")
    return folder


def write_run(folder: Path, *, algorithm: str = "sft", checkpoint: str = "pocket", **data: Any) -> Path:
    values = {
        "kind": "train",
        "model": {"checkpoint": checkpoint},
        "data": {"source": "pocket", "num_problems": 8, **data},
        "prompt": "boxed",
        "algorithm": {"name": algorithm},
        "optimizer": {"learning_rate": 1e-3},
        "train": {"num_steps": 1, "problems_per_step": 4, **({} if algorithm == "sft" else {"samples_per_problem": 2})},
    }
    folder.mkdir(parents=True)
    write_resolved(build(TrainConfig, values, label="test"), folder / "config.json")
    return folder


def test_a_problem_is_the_mean_of_its_attempts():
    one = Sample(
        problem_id="a",
        family="sum",
        level=2,
        run=0,
        question="?",
        gold="1",
        text="1",
        num_tokens=1,
        correct=True,
        extracted="1",
        truncated=False,
        score=1.0,
    )
    found = problem_scores(
        [one, replace(one, run=1, correct=False, score=0.25), replace(one, problem_id="b", score=None)]
    )
    assert (found["a"].accuracy, found["a"].score) == (0.5, 0.625)
    assert (found["b"].accuracy, found["b"].score) == (1.0, 0.0)


def test_what_was_forgotten_is_told_by_family_level_and_verdict(tmp_path: Path):
    base = write_evaluation(tmp_path / "base", {"jigsaw": 0.0, "sum": 0.8, "describe": 0.9})
    lost = write_evaluation(tmp_path / "lost", {"jigsaw": 0.6, "sum": 0.2, "describe": 0.9})
    same = write_evaluation(tmp_path / "same", {"jigsaw": 0.6, "sum": 0.8, "describe": 0.9})
    run = write_run(tmp_path / "run", families=["jigsaw"])
    subjects = [
        Subject(name="lost", responses={"pocket": lost}, runs=(run,)),
        Subject(name="same", responses={"pocket": same}, runs=(run,)),
        Subject(name="unknown", responses={"pocket": lost}),
    ]
    against = Subject(name="base", responses={"pocket": base})
    found = forgetting(Inquiry(subjects=subjects, against=against, cache=tmp_path / "cache"))
    assert [(each.subject, each.name) for each in found.verdicts] == [("lost", "forgot"), ("same", "kept")]
    assert "240 problems" in found.verdicts[0].because
    assert "-30.0 points" in found.verdicts[0].because
    of_lost = {str(row["group"]): row for row in found.rows if row["subject"] == "lost"}
    assert list(of_lost) == ["all", "family jigsaw", "family sum", "family describe", "level 1", "level 2"]
    assert of_lost["family sum"]["change"] == pytest.approx(-0.6)
    assert of_lost["family sum"]["score_change"] == pytest.approx(-0.3)
    assert float(of_lost["family sum"]["high"] or 0) < -0.4
    assert [of_lost[f"family {name}"]["trained"] for name in FAMILIES] == ["yes", "no", "no"]
    assert of_lost["all"]["change"] == pytest.approx(0.0)
    assert "trained" not in next(row for row in found.rows if row["subject"] == "unknown")


def test_what_was_trained_on_is_read_from_the_runs(tmp_path: Path):
    pocket = write_run(tmp_path / "one", families=["sum", "count"])
    more = write_run(tmp_path / "two", algorithm="grpo", families=["jigsaw"])
    assert trained_families(Subject(name="a", runs=(pocket, more))) == {"sum", "count", "jigsaw"}
    assert trained_families(Subject(name="a", runs=(write_run(tmp_path / "all"),))) == frozenset(
        {"sum", "count", "compare", "locate", "expression"}
    )
    assert trained_families(Subject(name="a")) is None
    steps = tmp_path / "moved" / "steps"
    table = pa.table({"family": ["sum", "jigsaw", "sum"], "id": ["a", "b", "c"]})
    (steps / "distil-x").mkdir(parents=True)
    pq.write_table(table, steps / "distil-x" / "data.parquet")
    gone = str(tmp_path / "before" / "steps" / "distil-x" / "data.parquet")
    run = write_run(steps / "train-y")
    config = json.loads((run / "config.json").read_text())
    config["data"] = {"source": "file", "path": gone, "trace_column": "trace"}
    (run / "config.json").write_text(json.dumps(config))
    assert training_data(run).source == "file"
    assert trained_families(Subject(name="a", runs=(run,))) == {"sum", "jigsaw"}, "a study may be moved with its steps"


def test_a_run_that_only_gave_data_made_no_model(tmp_path: Path):
    rl = write_run(tmp_path / "steps" / "train-rl", algorithm="grpo")
    own = write_run(tmp_path / "steps" / "train-own")
    after = write_run(tmp_path / "steps" / "train-after", checkpoint=str(rl / "model"))
    assert made_by_one_run(Subject(name="own", runs=(rl, own)))
    assert not made_by_one_run(Subject(name="after", runs=(rl, after)))


def difference(estimate: float, spread: float = 0.01) -> BootstrapDifference:
    return BootstrapDifference(estimate=estimate, draws=np.linspace(estimate - spread, estimate + spread, 1001))


@pytest.mark.parametrize(
    ("over_far", "over_rl", "name"),
    [
        (0.2, 0.0, "the data's"),
        (0.2, -0.1, "both"),
        (0.0, -0.1, "the objective's"),
        (0.0, 0.0, "unclear"),
        (0.2, -0.02, "both"),
    ],
)
def test_whose_doing_by_two_differences(over_far: float, over_rl: float, name: str):
    assert judge(difference(over_far), difference(over_rl)) == name


def test_whose_doing_on_planted_models(tmp_path: Path):
    run = write_run(tmp_path / "run", families=["jigsaw"])

    def made(name: str, rate: float) -> Subject:
        folder = write_evaluation(tmp_path / name, {"jigsaw": 0.5, "sum": rate})
        return Subject(name=name, responses={"pocket": folder}, runs=(run,))

    near, far, rl = made("near", 0.8), made("far", 0.3), made("rl", 0.8)
    found = whose_doing(near, far, rl, seed=0)
    assert found is not None
    assert (found.subject, found.name) == ("near, far and rl", "the data's")
    assert "On 120 problems" in found.because
    assert "+50.0" in found.because
    assert whose_doing(near, far, Subject(name="rl", responses=rl.responses), seed=0) is None


def test_own_answers_are_the_nearest_data_where_there_are_any(tmp_path: Path):
    rl = Subject(name="rl", runs=(tmp_path / "rl",))
    own = Subject(name="own", runs=(tmp_path / "rl", tmp_path / "own"))
    answers, expert = Subject(name="answers", runs=(tmp_path / "a",)), Subject(name="expert", runs=(tmp_path / "b",))
    surprise = {"own": 2.0, "answers": 0.5, "expert": 9.0}
    assert nearest_and_farthest([expert, own, answers], rl, surprise) == (own, expert)
    assert nearest_and_farthest([expert, answers], rl, surprise) == (answers, expert)
    assert nearest_and_farthest([expert], rl, surprise) == (expert, None)


def test_what_came_back_is_a_share_of_what_was_lost():
    base, tuned = np.repeat([1.0, 0.0], [80, 20]), np.repeat([1.0, 0.0], [40, 60])
    half = np.repeat([1.0, 0.0], [60, 40])
    found = recovery(base, tuned, half, seed=0)
    assert (found["change"], found["recovered"]) == (pytest.approx(0.2), pytest.approx(0.5))
    assert 0.3 < found["recovered_low"] < 0.5 < found["recovered_high"] < 0.7
    assert recovery(base, tuned, tuned, seed=0)["recovered"] == 0.0
    assert "recovered" not in recovery(tuned, base, half, seed=0), "where nothing was lost nothing can come back"


def test_a_restored_model_is_compared_with_what_it_was_made_of(tmp_path: Path):
    rates = {"base": 0.8, "sft": 0.4, "restored": 0.6}
    folders = {name: write_evaluation(tmp_path / name, {"sum": rate}) for name, rate in rates.items()}
    models = {name: tmp_path / f"train-{name}" / "model" for name in ("base", "early", "late", "restored")}
    for model in models.values():
        model.mkdir(parents=True)
    record = {
        "config": {"merge": {"base_model": "elsewhere/train-early/model", "other_model": "moved/train-late/model"}}
    }
    (models["restored"] / "merge.json").write_text(json.dumps(record))

    def made(name: str, recipe: str, model: str) -> Subject:
        return Subject(name=name, recipe=recipe, responses={"pocket": folders[name]}, model=models[model])

    sft, restored = made("sft", "sft", "late"), made("restored", "restored", "restored")
    other = replace(sft, name="sft_early", model=models["early"])
    assert tuned_of(restored, [other, restored, sft]) is sft
    assert tuned_of(restored, [other, restored]) is None
    assert tuned_of(sft, [sft]) is None
    asked = Inquiry(subjects=[other, sft, restored], against=made("base", "base", "base"), cache=tmp_path / "cache")
    found = restoration(asked)
    (row,) = found.rows
    assert (row["subject"], row["tuned_name"], row["recovered"]) == ("restored", "sft", pytest.approx(0.5))
    with pytest.raises(LackingError, match="of recipe restored"):
        restoration(Inquiry(subjects=[sft], against=asked.against, cache=tmp_path / "cache"))


def test_examples_are_chosen_in_their_own_order():
    class Numbers:
        ids = tuple(f"p{number}" for number in range(50))
        has_demonstrations = True

        def __len__(self) -> int:
            return 50

        def __getitem__(self, index: int) -> Example:
            return Example(problem=problem(index))

    chosen = choose_examples(Numbers(), 5, seed=0)
    assert len(chosen) == 5
    assert [chosen[index].problem.id for index in range(5)] == chosen.ids
    assert chosen.ids == sorted(chosen.ids, key=lambda each: int(each[1:]))
    assert tuple(choose_examples(Numbers(), 99, seed=0).ids) == Numbers.ids
