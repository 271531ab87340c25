"""Self-distillation: which responses become rows, what the rows give back, what is counted, what is refused."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from evaluation_cases import ScriptedAnswerer, Silent, response

from synergy.config.data import FileDataConfig
from synergy.config.distil import DistilConfig
from synergy.config.kinds import load_any
from synergy.config.load import build
from synergy.data.load import open_data
from synergy.errors import FileError, InputError
from synergy.evaluation.answerer import OnProgress
from synergy.evaluation.distil_counts import DistilCounts, read_counts
from synergy.evaluation.distil_rows import worked
from synergy.evaluation.responses import Response
from synergy.evaluation.self_distil import self_distil
from synergy.evaluation.training_table import TRACE_COLUMN
from synergy.evaluation.verdicts import GradedResponse, GradingRules, grade_responses
from synergy.grading import follows_format, grade
from synergy.prompts import ANSWER_TAGS, BOXED, PromptPreset
from synergy.records import AnswerKind, Problem, StopReason

EXAMPLES = Path(__file__).parents[1] / "examples" / "distil"


def said(trace: str, answer: str, around: str = "") -> str:
    return f"<think>{trace}</think>{around} \\boxed{{{answer}}}"


class Lengths(ScriptedAnswerer):
    """Says what it is told to; a response has as many tokens as its text has characters."""

    def answer(self, problems: Sequence[Problem], on_progress: OnProgress) -> list[Response]:
        self.asked.append([each.id for each in problems])
        return [
            response(each.id, text, run, StopReason.LENGTH if text.endswith("…") else StopReason.STOP, len(text))
            for each in problems
            for run, text in enumerate(self.texts[each.id])
        ]


TEXTS = {
    "q0": [said("a long way round", "4"), said("quick", "4"), said("quick", "5"), "4, I say: \\boxed{4}"],
    "q1": [said("so", "8/2"), said("so", "4", " the answer is"), said("then", "4.0"), "<think>on and on…"],
    "q2": [said("no", "3"), said("no", "5"), "<think>on…", "four"],
}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Three problems with a picture each, and a demonstration."""
    from PIL import Image

    Image.new("RGB", (8, 6), "green").save(tmp_path / "green.png")
    rows = [
        {
            "id": f"q{number}",
            "question": "2 + 2?",
            "answer": "4",
            "answer_kind": "number",
            "images": ["green.png"],
            "family": "sum",
            "level": 2,
            "by_hand": f"the long way {number}",
        }
        for number in range(3)
    ]
    path = tmp_path / "problems.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def config(table: Path, **values: Any) -> DistilConfig:
    base: dict[str, Any] = {
        "kind": "distil",
        "model": {"checkpoint": "pocket"},
        "data": {"source": "file", "path": str(table), "trace_column": "by_hand"},
        "prompt": "boxed",
        "response": {"temperature": 1.0, "max_tokens": 64},
        "samples_per_problem": 4,
        "problems_per_shard": 2,
    }
    return build(DistilConfig, {**base, **values}, label="test")


def distilled(found: DistilConfig, folder: Path, texts: Mapping[str, Sequence[str]] = TEXTS) -> DistilCounts:
    return self_distil(found, folder, Silent(), answerer=lambda: Lengths(texts))


def rows(folder: Path) -> list[dict[str, Any]]:
    return pq.read_table(folder / "data.parquet").to_pylist()


def test_the_shortest_right_answer_of_each_problem(table: Path, tmp_path: Path):
    counts = distilled(config(table), tmp_path / "out")
    found = rows(tmp_path / "out")
    assert [(row["id"], row["trace"], row["answer"], row["run"]) for row in found] == [
        ("q0", "quick", "4", 1),
        ("q1", "so", "8/2", 0),
    ]
    assert {(row["gold"], row["origin"], row["problem_id"] == row["id"]) for row in found} == {("4", "model", True)}
    numbers = counts.model_dump(exclude={"kind", "model", "config", "config_sha256"})
    assert numbers == {
        "num_problems": 3,
        "num_responses": 12,
        "num_generated_tokens": sum(len(text) for texts in TEXTS.values() for text in texts),
        "num_correct": 6,
        "num_kept": 2,
        "num_not_laid_out": 1,
        "num_not_chosen": 3,
        "num_truncated": 2,
        "num_unscored": 0,
        "num_problems_kept": 2,
        "num_demonstrations": 0,
        "num_problems_left_out": 1,
        "num_rows": 2,
        "num_not_reaching": 0,
        "num_trimmed": 0,
        "num_validation_rows": 0,
    }
    assert counts.num_correct == counts.num_kept + counts.num_not_laid_out + counts.num_not_chosen
    assert read_counts(tmp_path / "out") == counts


def test_all_right_answers_and_the_long_trace_where_there_are_none(table: Path, tmp_path: Path):
    counts = distilled(config(table, keep="all", unsolved="demonstrate"), tmp_path / "out")
    found = [(row["id"], row["origin"], row["trace"]) for row in rows(tmp_path / "out")]
    assert found == [
        ("q0#0", "model", "a long way round"),
        ("q0#1", "model", "quick"),
        ("q1#0", "model", "so"),
        ("q1#1", "model", "so"),
        ("q1#2", "model", "then"),
        ("q2", "demonstration", "the long way 2"),
    ]
    assert (counts.num_rows, counts.num_kept, counts.num_demonstrations, counts.num_problems_left_out) == (6, 5, 1, 0)
    first = distilled(config(table, keep="first"), tmp_path / "first")
    assert [(row["id"], row["run"]) for row in rows(tmp_path / "first")] == [("q0", 0), ("q1", 0)]
    assert first.num_not_chosen == 3


def test_training_reads_the_table_and_gets_the_responses_back(table: Path, tmp_path: Path):
    distilled(config(table, keep="all", unsolved="demonstrate"), tmp_path / "out")
    path = tmp_path / "out" / "data.parquet"
    examples = open_data(FileDataConfig(source="file", path=path, trace_column=TRACE_COLUMN))
    assert len(examples) == 6
    for index in range(len(examples)):
        example = examples[index]
        assert [(image.size, image.getpixel((0, 0))) for image in example.problem.images] == [((8, 6), (0, 128, 0))]
        (demonstration,) = example.demonstrations
        text = BOXED.response(demonstration.trace, demonstration.answer)
        assert follows_format(text, BOXED)
        assert grade(example.problem, text, preset=BOXED).correct


def one(text: str, preset: PromptPreset, answer: str = "4") -> GradedResponse:
    asked = Problem(id="q", question="?", answer=answer, answer_kind=AnswerKind.NUMBER)
    rules = GradingRules(extraction=preset, truncated_is_wrong=True, official=None, judge=None)
    return grade_responses([(asked, response("q", text))], rules, lambda stage, done, num: None)[0]


@pytest.mark.parametrize(
    ("preset", "text", "expected"),
    [
        (BOXED, "<think> a\nb </think>\n\\boxed{ 4 }", ("a\nb", "4")),
        (BOXED, "<think>a</think> so \\boxed{\\frac{8}{2}}.", ("a", "\\frac{8}{2}")),
        (ANSWER_TAGS, "<think>a</think><answer>4</answer>", ("a", "4")),
        (BOXED, "a </think> \\boxed{4}", None),
        (BOXED, "<think></think> \\boxed{4}", None),
        (BOXED, "<think>a</think> \\boxed{4} \\boxed{4}", None),
        (BOXED, "well, <think>a</think> \\boxed{4}", None),
        (ANSWER_TAGS, "<think>a</think><answer>4</answer><answer>4</answer>", None),
    ],
)
def test_a_response_is_kept_only_as_what_its_preset_gives_back(
    preset: PromptPreset, text: str, expected: tuple[str, str] | None
):
    each = one(text, preset)
    assert each.verdicts["strict"].correct
    found = worked(each, preset)
    assert (None if found is None else (found.trace, found.answer)) == expected


def test_a_killed_distillation_goes_on_and_a_finished_one_asks_nobody(table: Path, tmp_path: Path):
    class Dying(Lengths):
        def answer(self, problems: Sequence[Problem], on_progress: OnProgress) -> list[Response]:
            if self.asked:
                raise KeyboardInterrupt
            return super().answer(problems, on_progress)

    found = config(table)
    with pytest.raises(KeyboardInterrupt):
        self_distil(found, tmp_path / "a", Silent(), answerer=lambda: Dying(TEXTS))
    rest = Lengths(TEXTS)
    counts = self_distil(found, tmp_path / "a", Silent(), answerer=lambda: rest)
    assert rest.asked == [["q2"]]
    distilled(found, tmp_path / "b")
    for name in ("data.parquet", "counts.json", "responses.jsonl"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()

    def refuse() -> ScriptedAnswerer:
        raise AssertionError("nothing is missing")

    assert self_distil(found, tmp_path / "a", Silent(), answerer=refuse) == counts
    # another choice among the same responses needs no new ones
    assert self_distil(config(table, keep="all"), tmp_path / "a", Silent(), answerer=refuse).num_kept == 5
    request = json.loads((tmp_path / "a" / "request.json").read_text())
    assert request["asked"]["purpose"] == "distil"
    with pytest.raises(InputError, match=r"asked\.seed: 0 there, 1 here"):
        self_distil(config(table, seed=1), tmp_path / "a", Silent(), answerer=refuse)


def test_what_cannot_be_distilled_is_said(table: Path, tmp_path: Path):
    nothing = {problem_id: ["five"] * 4 for problem_id in TEXTS}
    with pytest.raises(InputError, match=r"none of 12 responses is right and well laid out \(0 right"):
        distilled(config(table), tmp_path / "out", nothing)
    assert not (tmp_path / "out" / "data.parquet").exists()
    with pytest.raises(InputError, match=r"unsolved demonstrate without data\.trace_column"):
        config(table, unsolved="demonstrate", data={"source": "file", "path": str(table)})
    with pytest.raises(InputError, match="samples_per_problem 4 at temperature 0"):
        config(table, response={"temperature": 0.0, "max_tokens": 64})
    with pytest.raises(FileError):
        distilled(config(tmp_path / "none.parquet"), tmp_path / "out")


def test_the_shipped_example_is_what_the_study_describes():
    found = load_any(EXAMPLES / "pocket.yaml")
    assert isinstance(found, DistilConfig)
    assert (found.samples_per_problem, found.keep, found.unsolved) == (8, "shortest", "leave_out")
