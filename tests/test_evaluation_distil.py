"""Self-distillation: which responses become rows, what the rows give back, what is counted, what is refused."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from evaluation_cases import ScriptedAnswerer, Silent, response
from loopback import loopback

from synergy.config.data import FileDataConfig
from synergy.config.distil import DistilConfig, TrimConfig
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
from synergy.evaluation.trimming import trimmed
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


DOUBTING = {
    "q0": [
        said("2 + 2 = 4, so the answer is 4. Wait, is it? Let me see: 4.", "4"),
        said("Let me see.\nBut wait, that is 4", "4"),
        said("The sum of 2 and 2 is 4, which is the answer: 4. I await no other.", "4"),
        said("It is 4", "5"),
    ],
    "q1": [said("hm. But the question asks for 2 + 2, 4", "4")] * 4,
    "q2": [said("Wait. 4", "4"), said("5", "5"), said("5", "5"), said("5", "5")],
}


def test_reflections_are_cut_where_the_rest_reaches_the_answer(table: Path, tmp_path: Path):
    counts = distilled(config(table, trim={}), tmp_path / "out", DOUBTING)
    (row,) = rows(tmp_path / "out")
    assert (row["id"], row["run"], row["trace"]) == ("q0", 0, "2 + 2 = 4, so the answer is 4.")
    assert (counts.num_correct, counts.num_kept, counts.num_trimmed) == (8, 1, 1)
    assert (counts.num_not_laid_out, counts.num_not_reaching, counts.num_not_chosen) == (0, 6, 1)
    assert counts.num_correct == sum(
        (counts.num_kept, counts.num_not_laid_out, counts.num_not_reaching, counts.num_not_chosen)
    )
    lines = [json.loads(line) for line in (tmp_path / "out" / "by_problem.jsonl").read_text().splitlines()]
    assert [(each["id"], each["num_correct"], each["num_reaching"], each["kept_runs"]) for each in lines] == [
        ("q0", 3, 2, [0]),
        ("q1", 4, 0, []),
        ("q2", 1, 0, []),
    ]
    everything = distilled(config(table, trim={"cues": ["so the"]}, keep="all"), tmp_path / "all", DOUBTING)
    assert (everything.num_trimmed, everything.num_kept) == (0, 8)


@pytest.mark.parametrize(
    ("trace", "expected"),
    [
        ("So 4. Wait, no.", "So 4."),
        ("So 4. WAIT no.", "So 4."),
        ("So 4.\nbut  wait, no.", "So 4."),
        ("So 4\nWait", "So 4"),
        ("So 4 (really!) But the question is", "So 4 (really!)"),
        ("Wait, what?", ""),
        ("So 4, wait for it.", "So 4, wait for it."),
        ("So 4. Waiter, no. Await this.", "So 4. Waiter, no. Await this."),
        ("So 4. But the questions are", "So 4. But the questions are"),
    ],
)
def test_a_trace_ends_before_the_first_sentence_that_begins_with_a_cue(trace: str, expected: str):
    assert trimmed(trace, TrimConfig().cues) == expected


def test_the_longest_and_a_random_right_answer(table: Path, tmp_path: Path):
    distilled(config(table, keep="longest"), tmp_path / "longest")
    assert [(row["id"], row["run"]) for row in rows(tmp_path / "longest")] == [("q0", 0), ("q1", 1)]
    seen = set()
    for seed in range(12):
        folder = tmp_path / f"random{seed}"
        distilled(config(table, keep="random", seed=seed), folder)
        found = [row["run"] for row in rows(folder)]
        seen.add(found[1])
        distilled(config(table, keep="random", seed=seed), tmp_path / f"again{seed}")
        assert [row["run"] for row in rows(tmp_path / f"again{seed}")] == found
    assert seen == {0, 1, 2}


def test_some_problems_are_held_out_to_validate(tmp_path: Path):
    asked = [
        {"id": f"q{number}", "question": f"{number}: 2 + 2?", "answer": "4", "answer_kind": "number"}
        for number in range(40)
    ]
    path = tmp_path / "many.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in asked))
    texts = {each["id"]: [said("quick", "4"), said("slow and steady", "4")] for each in asked}
    data = {"source": "file", "path": str(path)}
    values: dict[str, Any] = {"data": data, "samples_per_problem": 2, "keep": "all"}
    counts = distilled(config(path, **values, validation_share=0.25), tmp_path / "out", texts)
    train = rows(tmp_path / "out")
    held_out = pq.read_table(tmp_path / "out" / "validation.parquet").to_pylist()
    assert len(train) + len(held_out) == counts.num_rows == 80
    assert counts.num_validation_rows == len(held_out)
    assert 6 <= len(held_out) <= 40
    ids = [{row["problem_id"] for row in part} for part in (train, held_out)]
    assert not ids[0] & ids[1]
    config_of_part = FileDataConfig(source="file", path=path, hashed_part=(0.75, 1.0))
    assert set(open_data(config_of_part).ids) == ids[1]
    with pytest.raises(InputError, match="leaves 80 to train on and 0 to validate"):
        distilled(config(path, **values, validation_share=1e-6), tmp_path / "none", texts)


def test_a_server_can_be_the_teacher(table: Path, tmp_path: Path):
    def answer(path: str, body: dict[str, Any]) -> dict[str, Any]:
        return {
            "choices": [{"message": {"content": said("by the server", "4")}, "finish_reason": "stop"}],
            "usage": {"completion_tokens": 9, "prompt_tokens": 5},
        }

    with loopback(answer) as server:
        endpoint = {"url": f"{server.url}/v1", "model": "teacher"}
        found = config(table, model={"checkpoint": "a teacher"}, backend="endpoint", endpoint=endpoint)
        counts = self_distil(found, tmp_path / "out", Silent())
        assert len(server.asked) == 12
        assert self_distil(found, tmp_path / "out", Silent()) == counts
        assert len(server.asked) == 12
    assert (counts.num_problems_kept, counts.model.backend, counts.model.served_as) == (3, "endpoint", "teacher")
    assert {row["trace"] for row in rows(tmp_path / "out")} == {"by the server"}


def test_the_shipped_example_is_what_the_study_describes():
    found = load_any(EXAMPLES / "pocket.yaml")
    assert isinstance(found, DistilConfig)
    assert (found.samples_per_problem, found.keep, found.unsolved) == (8, "shortest", "leave_out")
