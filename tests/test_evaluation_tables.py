"""Tables of score files: what is refused, what it is called, suite means, the forced footnote."""

from pathlib import Path
from typing import Any

import pytest
from evaluation_cases import RIGHT, WRONG, evaluate, problem, protocol

from synergy.config.judge import JudgeConfig
from synergy.errors import InputError
from synergy.evaluation.comparable import Labelled
from synergy.evaluation.score_file import JudgePart, ScoreFile
from synergy.evaluation.tables import make_table

JUDGE = JudgePart(
    config=JudgeConfig(model="judge"),
    served_as="judge",
    prompt="version",
    prompt_sha256="1" * 64,
    num_calls=1,
    num_cached=0,
    num_failed=0,
    num_unreadable=0,
    prompt_tokens=1,
    completion_tokens=1,
)


def scored(folder: Path, model: str = "m", benchmark: str = "small", num_right: int = 1, **values: Any) -> ScoreFile:
    problems = [problem(number) for number in range(4)]
    texts = {each.id: [RIGHT if number < num_right else WRONG] for number, each in enumerate(problems)}
    runs = values.get("num_runs", 1)
    texts = {name: found * runs for name, found in texts.items()}
    score = evaluate(folder, problems, texts, protocol(**values), benchmark)
    return score.model_copy(update={"model": score.model.model_copy(update={"name": model})})


def labelled(*scores: ScoreFile) -> list[Labelled]:
    return [Labelled(f"{number}.json", score) for number, score in enumerate(scores)]


def test_rows_are_models_columns_benchmarks_and_the_mean_is_the_suites(tmp_path: Path):
    suite = [{"benchmark": "b"}, {"benchmark": "a", "metric": "worst_case"}]
    scores = labelled(
        scored(tmp_path / "1", "one", "a", 1, suite=suite),
        scored(tmp_path / "2", "one", "b", 2, suite=suite),
        scored(tmp_path / "3", "one", "c", 4, suite=suite),
        scored(tmp_path / "4", "two", "b", 3, suite=suite),
    )
    table = make_table(scores)
    assert [column.benchmark for column in table.columns] == ["b", "a", "c"]
    assert [column.metric for column in table.columns] == ["overall", "worst_case", "overall"]
    one, two = table.rows
    assert one.mean == pytest.approx((0.25 + 0.5) / 2)
    assert two.mean is None
    assert set(two.cells) == {"b"}
    assert table.mean_of == ("b", "a")
    assert not table.mixed
    assert table.rule == "strict"


def test_the_mean_of_a_paper_is_the_plain_mean():
    """2507.07562, table 6, the RL row."""
    assert sum((29.0, 52.1, 72.6, 55.1, 66.5)) / 5 == pytest.approx(55.1, abs=0.05)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"num_runs": 2}, "protocol.num_runs"),
        ({"response": {"temperature": 0.5, "max_tokens": 64}}, "protocol.response.temperature"),
        ({"response": {"temperature": 1.0, "max_tokens": 32}}, "protocol.response.max_tokens"),
        ({"extraction": "preset"}, "protocol.extraction"),
        ({"asking": {"preset": "answer_tags"}}, "protocol.asking.preset"),
        ({"truncated_is_wrong": False}, "protocol.truncated_is_wrong"),
    ],
)
def test_scores_of_other_protocols_are_refused_by_the_very_field(tmp_path: Path, values: dict[str, Any], field: str):
    scores = labelled(scored(tmp_path / "1", "one"), scored(tmp_path / "2", "two", **values))
    with pytest.raises(InputError) as caught:
        make_table(scores)
    message = str(caught.value)
    assert message.startswith(f"these scores were made differently ({field}: ")
    assert message.count(" in 1.json") == 1, "no other field is named"
    forced = make_table(scores, force=True)
    assert [each.field for each in forced.mixed] == [field]
    assert len(forced.rows) == 2


def test_other_data_another_judge_and_saved_responses_are_refused(tmp_path: Path):
    score = scored(tmp_path / "1", "one")
    part = score.benchmark
    cases = {
        "small.problems_sha256": {"benchmark": part.model_copy(update={"problems_sha256": "2" * 64})},
        "small.main_metric": {"benchmark": part.model_copy(update={"main_metric": "worst_case"})},
        "judge.model": {"judge": JUDGE},
        "protocol": {"protocol": None},
    }
    for field, change in cases.items():
        other = score.model_copy(update={"model": score.model.model_copy(update={"name": "two"}), **change})
        with pytest.raises(InputError) as caught:
            make_table(labelled(score, other))
        assert f"({field}: " in str(caught.value)
        assert str(caught.value).count(" in 1.json") == 1


def test_another_prompt_of_the_same_judge_is_refused(tmp_path: Path):
    score = scored(tmp_path / "1", "one").model_copy(update={"judge": JUDGE})
    other = score.model_copy(
        update={
            "judge": JUDGE.model_copy(update={"prompt_sha256": "3" * 64, "num_calls": 7}),
            "model": score.model.model_copy(update={"name": "two"}),
        }
    )
    with pytest.raises(InputError, match=r"\(judge\.prompt: 111"):
        make_table(labelled(score, other))


def test_what_only_names_a_protocol_does_not_matter(tmp_path: Path):
    scores = labelled(scored(tmp_path / "1", "one"), scored(tmp_path / "2", "two", name="copy", source="elsewhere"))
    assert not make_table(scores).mixed


def test_one_model_twice_and_an_absent_rule_are_refused(tmp_path: Path):
    score = scored(tmp_path / "1", "one")
    with pytest.raises(InputError, match=r"0\.json and 1\.json are both one on small"):
        make_table(labelled(score, score))
    with pytest.raises(InputError, match=r"in 0\.json: 'judged'; expected one of: strict, lenient, official"):
        make_table(labelled(score), rule="judged")
