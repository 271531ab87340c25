"""Filters that ask a model: what they drop, what they ask, that a killed filtering goes on."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from evaluation_cases import RIGHT, WRONG, ScriptedAnswerer, Silent
from PIL import Image

from synergy.cli import run
from synergy.config.choose import ChooseConfig
from synergy.config.filters import FilterConfig
from synergy.config.kinds import load_any
from synergy.config.load import build
from synergy.data.load import open_data
from synergy.errors import InputError
from synergy.evaluation.answerer import Answerer, OnProgress
from synergy.evaluation.blinded import Blinded
from synergy.evaluation.choosing import choose
from synergy.evaluation.filtered_file import FilteredFile
from synergy.evaluation.filtering import filter_table
from synergy.evaluation.responses import Response
from synergy.records import Problem

RESPONSE = {"temperature": 1.0, "max_tokens": 32}
TEXTS = {
    "q0": [RIGHT] * 4,
    "q1": [RIGHT, WRONG, WRONG, RIGHT],
    "q2": [WRONG] * 4,
    "q3": [RIGHT, RIGHT, RIGHT, WRONG],
}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Four problems, three of them with a picture."""
    Image.new("RGB", (40, 30), "green").save(tmp_path / "green.png")
    rows = [
        {
            "id": f"q{number}",
            "question": f"{number}: 2 + 2?",
            "answer": "4",
            "answer_kind": "number",
            "images": ["green.png"] if number < 3 else [],
            "by_hand": "so it is",
        }
        for number in range(4)
    ]
    path = tmp_path / "problems.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def config(table: Path, *filters: dict[str, Any], **asked: Any) -> FilterConfig:
    values = {
        "kind": "filter",
        "data": {"source": "file", "path": str(table), "trace_column": "by_hand"},
        "filters": list(filters),
        "asked": {"model": {"checkpoint": "pocket"}, "prompt": "boxed", "problems_per_shard": 2, **asked},
    }
    return build(FilterConfig, values, label="test")


class Seeing(ScriptedAnswerer):
    """Keeps the sizes of the pictures that it is shown."""

    def __init__(self) -> None:
        super().__init__(TEXTS)
        self.shown: list[tuple[str, list[tuple[int, int]]]] = []

    def answer(self, problems: Sequence[Problem], on_progress: OnProgress) -> list[Response]:
        self.shown += [(each.id, [image.size for image in each.images]) for each in problems]
        assert all(image.getpixel((0, 0)) == (128, 128, 128) for each in problems for image in each.images)
        return super().answer(problems, on_progress)


def filtered(
    found: FilterConfig, folder: Path, answerer: Callable[[], Answerer] = lambda: ScriptedAnswerer(TEXTS)
) -> FilteredFile:
    return filter_table(found, folder, Silent(), answerer=answerer)


def gone(found: FilteredFile, number: int = 0) -> dict[str, str]:
    return {each.id: each.why for each in found.filters[number].rows}


def sampled(by: str, **values: Any) -> dict[str, Any]:
    return {"by": by, "samples_per_problem": 4, "response": RESPONSE, **values}


def test_a_window_of_right_answers(table: Path, tmp_path: Path):
    found = filtered(config(table, sampled("pass_count", at_least=1, at_most=2)), tmp_path / "out")
    assert gone(found) == {"q0": "solved_too_often", "q2": "solved_too_seldom", "q3": "solved_too_often"}
    assert found.filters[0].measured == {"values": {"q0": 4, "q1": 2, "q2": 0, "q3": 3}}
    assert pq.read_table(tmp_path / "out" / "data.parquet")["id"].to_pylist() == ["q1"]


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        (["medium"], {"q0": "easy", "q2": "hard"}),
        (["easy", "medium"], {"q2": "hard"}),
        (["hard"], {"q0": "easy", "q1": "medium", "q3": "medium"}),
    ],
)
def test_easy_medium_and_hard(keep: list[str], expected: dict[str, str], table: Path, tmp_path: Path):
    assert gone(filtered(config(table, sampled("difficulty", keep=keep)), tmp_path / "out")) == expected


def test_blind_problems_are_shown_without_their_pictures(table: Path, tmp_path: Path):
    left_out, blank = Seeing(), Seeing()
    found = filtered(config(table, sampled("blind", at_most=1)), tmp_path / "a", lambda: left_out)
    assert gone(found) == {"q0": "solved_blind", "q1": "solved_blind"}
    assert left_out.shown == [("q0", []), ("q1", []), ("q2", [])]
    assert "q3" not in found.filters[0].measured["values"]  # type: ignore[operator]
    found = filtered(config(table, sampled("blind", at_most=2, picture="blank")), tmp_path / "b", lambda: blank)
    assert gone(found) == {"q0": "solved_blind"}
    assert blank.shown == [("q0", [(40, 30)]), ("q1", [(40, 30)]), ("q2", [(40, 30)])]
    examples = open_data(config(table, sampled("blind")).data)
    assert list(Blinded(examples, "blank").ids) == ["q0", "q1", "q2"]
    # the picture itself stays in the table
    rows = pq.read_table(tmp_path / "b" / "data.parquet").to_pylist()
    assert [len(row["images"]) for row in rows] == [1, 1, 0]


def test_rows_and_models_take_turns_and_a_killed_filtering_goes_on(table: Path, tmp_path: Path):
    filters = [
        {"by": "length"},
        sampled("difficulty", keep=["easy", "medium"]),
        {"by": "exact_duplicates", "of": "images"},
        sampled("blind", at_most=3),
    ]
    found = config(table, *filters)

    class Dying(ScriptedAnswerer):
        def answer(self, problems: Sequence[Problem], on_progress: OnProgress) -> list[Response]:
            if self.asked:
                raise KeyboardInterrupt
            return super().answer(problems, on_progress)

    with pytest.raises(KeyboardInterrupt):
        filtered(found, tmp_path / "a", lambda: Dying(TEXTS))
    rest = ScriptedAnswerer(TEXTS)
    made = filtered(found, tmp_path / "a", lambda: rest)
    assert rest.asked == [["q2", "q3"], ["q0"]]  # q0 and q1 were asked before the kill; q1's picture is q0's
    assert [(each.by, each.num_in, each.num_out) for each in made.filters] == [
        ("length", 4, 4),
        ("difficulty", 4, 3),
        ("exact_duplicates", 3, 2),
        ("blind", 2, 1),
    ]
    assert filtered(found, tmp_path / "b") == made
    for name in ("data.parquet", "filtered.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()

    def refuse() -> Answerer:
        raise AssertionError("nothing is missing")

    assert filtered(found, tmp_path / "a", refuse) == made
    with pytest.raises(InputError, match="holds answers for other filters or other data"):
        filtered(config(table, *filters, seed=1), tmp_path / "a", refuse)
    table.write_text(table.read_text().replace("2 + 2", "1 + 3"))
    with pytest.raises(InputError, match="holds answers for other filters or other data"):
        filtered(found, tmp_path / "a", refuse)


def test_perplexity_under_several_models_is_the_mean(untrained: Path, tmp_path: Path):
    data = {"source": "pocket", "num_problems": 20, "trace": "short", "families": ["locate"]}

    def values(folder: Path, model: str, *also: str) -> dict[str, float]:
        rule = {"by": "perplexity", "num_problems": 3, "also": [{"checkpoint": each} for each in also]}
        settings = {"kind": "choose", "model": {"checkpoint": model}, "data": data, "prompt": "boxed", "rule": rule}
        kept = choose(build(ChooseConfig, settings, label="test"), folder, Silent())
        found = json.loads((folder / "chosen.json").read_text())["values"]
        assert sorted(kept) == sorted(sorted(found, key=lambda each: -found[each])[:3])
        return found

    one, other = values(tmp_path / "a", str(untrained)), values(tmp_path / "b", "pocket")
    both = values(tmp_path / "c", str(untrained), "pocket")
    assert both == pytest.approx({each: (one[each] + other[each]) / 2 for each in one})
    # killed after the first batch and a torn line: the rest is measured, the first is not
    path = tmp_path / "c" / "perplexity-1.jsonl"
    whole = path.read_text()
    lines = whole.splitlines(keepends=True)
    changed = json.loads(lines[1]) | {"perplexity": 7.0}
    path.write_text("".join([lines[0], json.dumps(changed) + "\n", *lines[2:18], lines[18][:9]]))
    again = values(tmp_path / "c", str(untrained), "pocket")
    first = changed["id"]
    assert again[first] == (one[first] + 7) / 2
    assert {each: again[each] for each in again if each != first} == pytest.approx(
        {each: both[each] for each in both if each != first}
    )
    assert path.read_text().splitlines()[2:] == whole.splitlines()[2:]
    with pytest.raises(InputError, match="perplexities of another model, prompt or problems"):
        values(tmp_path / "c", "pocket", str(untrained))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (sampled("blind", at_most=4), "at_most 4 of 4 samples, which all problems have"),
        (sampled("difficulty", keep=[]), "keep"),
        (sampled("difficulty", response={"temperature": 0.0, "max_tokens": 8}), "4 at temperature 0"),
        ({"by": "perplexity", "num_problems": 9}, r"4 problems; expected at least rule\.num_problems 9"),
    ],
)
def test_what_cannot_be_asked_is_said(rule: dict[str, Any], words: str, table: Path, tmp_path: Path):
    with pytest.raises(InputError, match=words):
        filtered(config(table, rule), tmp_path / "out")


def test_an_endpoint_is_given_for_that_backend_alone(table: Path, tmp_path: Path):
    endpoint = {"url": "http://localhost:1/v1", "model": "m"}
    with pytest.raises(InputError, match="backend local with an endpoint"):
        config(table, {"by": "length"}, endpoint=endpoint)
    with pytest.raises(InputError, match="backend endpoint with no endpoint"):
        config(table, {"by": "length"}, backend="endpoint")
    found = config(table, {"by": "perplexity", "num_problems": 2}, backend="endpoint", endpoint=endpoint)
    with pytest.raises(InputError, match="perplexity from an endpoint"):
        filtered(found, tmp_path / "out")


def test_filtering_by_rows_needs_no_torch(table: Path, tmp_path: Path):
    import subprocess
    import sys

    code = (
        "import sys; from synergy.cli import run; "
        f"assert run(['data', 'filter', {str(table)!r}, '--trace', 'by_hand', '--filter', 'length:max_trace=9', "
        f"'--filter', 'cues', '--out', {str(tmp_path / 'out')!r}]) == 0; "
        "sys.exit('torch' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "4 of 4 rows stay" in result.stdout
    assert "cues, traces with cues: 0 substring, 0 word" in result.stdout


def test_the_shipped_example_is_read_and_filters_of_options_are(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    example = Path(__file__).parents[1] / "examples" / "data" / "filter.yaml"
    assert isinstance(load_any(example), FilterConfig)
    out = ["--out", str(tmp_path / "out")]
    assert run(["data", "filter", str(table), "--filter", "images:min_side_pixels=31", *out, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["filters"][0]["dropped"] == {"too_small": 3}
    for arguments, words in (
        ([str(table)], "without --filter; expected one"),
        ([str(table), "--filter", "length:max_trace"], "'max_trace' is no setting; expected KEY=VALUE"),
        ([str(table), "--filter", "lenght"], "lenght"),
        ([str(example), "--filter", "length"], "which says it itself"),
        ([str(table), "--filter", "length", "--layout", "puzle"], "puzle"),
    ):
        assert run(["data", "filter", *arguments, *out]) == 2
        err = capsys.readouterr().err
        assert words in err
        assert err.count("\n") == 1
