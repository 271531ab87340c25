"""A study's report: numbers worked out by hand, text that is never markup, one page that needs nothing."""

import base64
import csv
import gzip
import hashlib
import io
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from study_folders import ALL_ARMS, StudyCase, level_of, write_study

from synergy.cli import run
from synergy.errors import InputError
from synergy.report.data_table import DataTable
from synergy.report.gains_over import gains_over
from synergy.report.page import report_page, write_report
from synergy.report.samples import CODES, collect_samples
from synergy.report.view import NUM_COLOURS, StudyView
from synergy.statistics.bootstrap import holm, paired_difference
from synergy.statistics.synergy import synergy
from synergy.studies.results import StudyResults

VOID = {"meta", "link", "br", "input", "img"}
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;"


class Page(HTMLParser):
    """A page taken apart: tags that are opened and closed rightly, attributes, and the text of tables."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[str | None, str]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == [], "tags left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "script":
            self.scripts.append((dict(attrs).get("type"), ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        elif self.open and self.open[-1] != "style":
            self.text.append(data)

    def data(self, name: str) -> list[dict[str, str]]:
        """The rows of a CSV that the page holds."""
        href = next(a["href"] for tag, a in self.tags if tag == "a" and a.get("download") == f"{name}.csv")
        assert href is not None
        return list(csv.DictReader(io.StringIO(base64.b64decode(href.partition(",")[2]).decode())))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_study(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    return report_page(folder)


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def by_hand(correct: Mapping[str, Sequence[Sequence[int]]]) -> StudyCase:
    """Arms with these attempts: a row a problem, 1 correct, 0 wrong, -1 unscored."""
    first = next(iter(correct.values()))

    def status(arm: str, _seed: int, _cell: Mapping[str, str], _set: str) -> np.ndarray:
        return np.array(correct[arm.partition("@")[0]])

    return StudyCase(
        arms={arm: ALL_ARMS[arm] for arm in correct},
        num_problems=len(first),
        num_samples=len(first[0]),
        families=("sum", "count"),
        status=status,
        num_steps=10,
    )


def test_cells_of_the_accuracy_table_by_hand(tmp_path: Path) -> None:
    # families take turns: sum has problems 0 and 2, count has 1 and 3
    base = [[1, 0], [0, 0], [1, 1], [0, -1]]
    rl = [[1, 1], [1, 0], [1, 1], [0, 0]]
    page = Page(report_page(write_study(tmp_path, by_hand({"base": base, "rl": rl}))))
    rows = {(row["arm"], row["column"]): row for row in page.data("accuracy")}
    accuracy = {key: float(row["accuracy"]) for key, row in rows.items()}
    assert accuracy == {
        ("base", "sum"): 75,
        ("rl", "sum"): 100,
        ("base", "count"): 0,
        ("rl", "count"): 25,
        ("base", "all"): 37.5,
        ("rl", "all"): 62.5,
    }
    assert float(rows["rl", "all"]["gain"]) == 25
    assert {row["gain_low"] for row in rows.values()} == {""}, "of so few problems there is no interval"
    assert rows["base", "all"]["gain"] == ""
    assert rows["base", "count"]["num_unscored"] == "1"
    assert rows["rl", "all"]["num_problems"] == "4"
    assert "1 unscored" in "".join(page.text)


def test_marks_are_corrected_over_the_table(page: Page, folder: Path) -> None:
    rows = [row for row in page.data("accuracy") if row["p_value"]]
    assert len(rows) == 8 * 5  # arms but the baseline; four families and all
    assert [float(row["p_adjusted"]) for row in rows] == pytest.approx(
        holm([float(row["p_value"]) for row in rows]).tolist()
    )
    marked = sum(float(row["p_adjusted"]) <= 0.05 for row in rows)
    assert report_page(folder).count('title="significantly') == marked


def test_gains_by_level_by_hand(tmp_path: Path) -> None:
    base = [[1, 1]] * 5 + [[0, 0]] * 5
    rl = [[1, 1]] * 5 + [[1, 1]] + [[0, 0]] * 4
    page = Page(report_page(write_study(tmp_path, by_hand({"base": base, "rl": rl}))))
    rows = page.data("gains_by_level")
    assert level_of(5) == 1
    assert {row["level"]: float(row["gain"]) for row in rows} == {"1": 50, "2": 0, "3": 0, "4": 0, "5": 0}
    assert {row["num_problems"] for row in rows} == {"2"}


def test_one_sets_difference_is_the_paired_bootstrap(folder: Path) -> None:
    view = StudyView(StudyResults(folder))
    column = view.overall(view.cells[0])
    ours = gains_over("base", ["rl"], column)["rl"]
    results = view.results.only_cell.sets["pocket"]
    theirs = paired_difference(results.scores("rl"), results.scores("base"), seed=0)
    assert ours.estimate == theirs.estimate
    np.testing.assert_allclose(ours.draws, theirs.draws, atol=1e-12)


def test_the_average_of_sets_is_their_plain_mean(tmp_path: Path) -> None:
    case = StudyCase(arms={"base": "base", "rl": "rl"}, sets=("first", "second"), seeds=(0, 1, 2), num_problems=25)
    view = StudyView(StudyResults(write_study(tmp_path, case)))
    average = view.overall(view.cells[0])
    parts = [gains_over("base", ["rl"], column)["rl"] for column in view.columns(view.cells[0])]
    whole = gains_over("base", ["rl"], average)["rl"]
    assert whole.estimate == pytest.approx(np.mean([part.estimate for part in parts]))
    # problems of two sets are independent: the mean's spread is about that of one set over root two
    widths = [part.bound(0.975) - part.bound(0.025) for part in parts]
    assert whole.bound(0.975) - whole.bound(0.025) < max(widths)


def test_synergy_is_that_of_statistics(page: Page, folder: Path) -> None:
    results = StudyResults(folder).only_cell.sets["pocket"]
    row = next(row for row in page.data("synergy-0") if (row["arm"], row["level"]) == ("two_stage", "all"))
    two, sft, rl = (results.scores(arm) for arm in ("two_stage", "sft", "rl"))
    expected = synergy(combination=two, sft=sft, rl=rl, seed=0)
    assert float(row["synergy"]) == pytest.approx(100 * expected.estimate)
    assert float(row["low"]) == pytest.approx(100 * expected.low)
    assert row["verdict"] == expected.verdict


def test_words_are_counted_per_thousand(page: Page) -> None:
    rows = {(row["arm"], row["word"]): row for row in page.data("words")}
    assert rows["sft", "wait"]["count"] == "80"  # once in each of 40 × 2 responses
    assert float(rows["sft", "alternative"]["per_1000_responses"]) == 1000
    assert rows["rl", "wait"]["count"] == "0"


def test_the_merging_curve_is_of_runs_that_are_shown_nowhere_else(page: Page, text: str) -> None:
    assert [float(row["sft_ratio"]) for row in page.data("merging")] == [0, 0.25, 0.5, 0.75, 1]
    assert "merging@" not in text


def test_shared_steps_count_in_every_arm_and_once_in_the_study(page: Page) -> None:
    arms = {row["arm"]: float(row["trained_tokens"]) for row in page.data("ledger")}
    assert arms["base"] == 0
    assert arms["two_stage"] == arms["sft"] + arms["rl"]
    whole = {row["steps"]: float(row["trained_tokens"]) for row in page.data("ledger_whole_study")}
    # sft, rl, and one more of each other arm, the SFT and RL models of merging and data mixing being these
    assert whole["train × 7"] == 400_000 + 900_000 * 5 + 300_000


def test_curves_have_every_step_of_every_training_once(page: Page) -> None:
    rows = page.data("curves")
    rewards = [row for row in rows if row["metric"] == "reward/mean"]
    assert len(rewards) == 30 * len({(row["arm"], row["stage"]) for row in rewards})
    assert ("sft", "sft") in {(row["arm"], row["stage"]) for row in rows}
    assert ("two_stage", "sft") not in {(row["arm"], row["stage"]) for row in rows}
    assert {row["metric"] for row in rows} >= {"sampling/entropy", "kl/value", "evaluation/accuracy"}
    # the two labelled parts of the mixed reward (2504.11468)
    assert {row["metric"] for row in rows} >= {"reward/perception", "reward/cognition"}


def test_the_head_says_what_it_is_evidence_of(page: Page) -> None:
    said = " ".join(page.text)
    for part in (
        "Numbers made by numpy",
        "Below three seeds the verdicts speak of this run",
        "2026-11-22",
        "torch 2.13.0",
    ):
        assert part in said
    assert "Truncated responses" in said


def test_three_seeds_speak_for_themselves(tmp_path: Path) -> None:
    case = StudyCase(arms={"base": "base", "rl": "rl"}, seeds=(0, 1, 2))
    said = " ".join(Page(report_page(write_study(tmp_path, case))).text)
    assert "Below three seeds the verdicts" not in said


def test_every_claim_of_the_registry_stands_there(page: Page) -> None:
    from synergy.studies.claims.registry import CLAIMS

    rows = [row for row in page.data("claims") if not row["part"]]
    assert [row["name"] for row in rows] == list(CLAIMS)
    assert {row["verdict"] for row in rows} <= {"supported", "refuted", "inconclusive", "cannot judge"}


def test_axes_are_drawn_with_every_cell(tmp_path: Path) -> None:
    arms = {"base": "base", "sft": "sft", "rl": "rl"}
    case = StudyCase(arms=arms, axes={"size": ("small", "large"), "data": ("few", "many")}, num_problems=30)
    page = Page(report_page(write_study(tmp_path, case)))
    rows = page.data("axis_size")
    assert {(row["label"], row["others"]) for row in rows} == {
        (label, f"data {data}") for label in ("small", "large") for data in ("few", "many")
    }
    assert [row["over_rl"] == "" for row in rows] == [row["arm"] == "rl" for row in rows]
    assert "SFT" in "".join(page.text).upper()
    assert "size small, data few" in "".join(page.text)
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))


def test_published_figures_stand_beside_ours(tmp_path: Path) -> None:
    case = StudyCase(arms={"base": "base", "rl": "rl"}, sets=("MathVision", "MMStar"), published="synergy_dilemma")
    rows = Page(report_page(write_study(tmp_path, case))).data("published")
    # a name that a spreadsheet would run as a formula has a mark before it
    found = {(row["row"].removeprefix("'"), row["table"], row["of"]): row for row in rows}
    accuracy = found["+ RL", "Accuracy", "MathVision"]
    assert float(accuracy["published"]) == 29.0
    assert float(accuracy["difference"]) == pytest.approx(float(accuracy["ours"]) - 29.0)
    gain = next(row for key, row in found.items() if "MMStar" in key[1] and key[2] == "L1" and key[0] == "+ RL")
    assert float(gain["published"]) == -4.6
    assert gain["reading"] == "read from a picture"
    assert float(gain["difference_high"]) > float(gain["difference"])
    assert not any(row["of"] == "Avg." for row in rows), "the mean of five sets is not that of two"


def test_a_paper_about_other_sets_is_not_compared(tmp_path: Path) -> None:
    case = StudyCase(arms={"base": "base", "rl": "rl"}, published="synergy_dilemma")
    said = " ".join(Page(report_page(write_study(tmp_path, case))).text)
    assert "none stands beside ours" in said


def test_text_is_never_markup(tmp_path: Path) -> None:
    case = StudyCase(
        arms={"base": "base", "sft": "sft", "rl": "rl"},
        title=f"A title {HOSTILE}",
        question=HOSTILE,
        families=(HOSTILE, "count"),
        text=lambda arm, problem, run: HOSTILE,
        differences={"rl": {"recipe": HOSTILE}},
    )
    text = report_page(write_study(tmp_path, case))
    page = Page(text)
    assert "alert(1)" in text, "the hostile text is there"
    assert [kind for kind, _ in page.scripts if kind is None] == [None], "one script, which is ours"
    assert not any(tag == "img" for tag, _ in page.tags)
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert HOSTILE in "".join(page.text)


def test_the_policy_allows_our_script_alone(page: Page) -> None:
    policy = next(a["content"] for tag, a in page.tags if tag == "meta" and "http-equiv" in a) or ""
    script = next(content for kind, content in page.scripts if kind is None)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")


def test_nothing_is_fetched(page: Page) -> None:
    places = [(a.get("src") or a.get("href") or "") for tag, a in page.tags if tag in ("a", "img", "link", "script")]
    assert all(place.startswith(("data:", "#")) or not place for place in places)
    assert {tag for tag, _ in page.tags} & {"iframe", "object", "embed", "image", "foreignobject", "use"} == set()


def test_headings_descend_and_tables_have_captions(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    tags = [tag for tag, _ in page.tags]
    assert tags.count("table") == tags.count("caption")
    assert all(a.get("aria-label") for tag, a in page.tags if tag == "svg" and a.get("class") == "chart")


def test_arms_are_told_apart_without_colour(folder: Path) -> None:
    view = StudyView(StudyResults(folder))
    styles = [view.style(arm) for arm in view.arms]
    assert len({style.colour for style in styles}) == min(len(styles), NUM_COLOURS)
    assert len({(style.shape, style.dash) for style in styles}) == len(styles)


def test_arms_stand_in_the_order_of_the_study(folder: Path, page: Page) -> None:
    view = StudyView(StudyResults(folder))
    assert view.arms == [arm for arm in ALL_ARMS if arm in view.arms] != sorted(view.arms)
    assert list(dict.fromkeys(row["arm"] for row in page.data("accuracy"))) == view.arms


def test_budgets_that_are_far_apart_are_said(page: Page) -> None:
    rows = {row["arm"]: row for row in page.data("ledger")}
    budgets = {arm: float(row["generated_tokens"]) + float(row["trained_tokens"]) for arm, row in rows.items()}
    trained = sorted(budget for budget in budgets.values() if budget)
    times = trained[-1] / trained[0]
    text = " ".join("".join(page.text).split())
    assert f"{times:.1f} times as many" in text
    assert ("not matched by compute" in text) == (times > 2)


def test_accuracy_by_length_counts_every_response_once(folder: Path, page: Page) -> None:
    results = StudyResults(folder).only_cell.sets["pocket"]
    rows = [row for row in page.data("lengths_pocket_buckets") if row["arm"] == "sft"]
    (run,) = results.runs["sft"]
    assert sum(int(row["num_responses"]) for row in rows) == run.num_tokens.size
    right = sum(float(row["accuracy"]) / 100 * int(row["num_responses"]) for row in rows)
    assert right == pytest.approx(np.nansum(run.correct))
    for row in rows:
        first, last = map(int, row["tokens"].split("-"))
        assert ((run.num_tokens >= first) & (run.num_tokens <= last)).sum() == int(row["num_responses"])


def test_the_same_folder_makes_the_same_page(folder: Path, text: str) -> None:
    assert report_page(folder) == text


def test_samples_hold_every_response_and_their_letters(folder: Path) -> None:
    view = StudyView(StudyResults(folder))
    samples = collect_samples(view)
    index = unpacked(samples.index)
    assert len(index["id"]) == samples.num_shown == samples.num_problems == 40
    results = view.results.only_cell.sets["pocket"]
    place = index["id"].index("pocket-00007")
    shown = unpacked(samples.chunks[index["chunk"][place]])[index["at"][place]]
    arm = view.arms.index("rl")
    letters = index["verdicts"][place].split("|")[arm]
    run = results.runs["rl"][0]
    assert [CODES.index(letter) % 3 == 0 for letter in letters] == [value == 1 for value in run.correct[7]]
    assert [CODES.index(letter) >= 6 for letter in letters] == run.unread[7].tolist()
    texts = {(row["problem_id"], row["run"]): row["text"] for row in run.texts()}
    assert [said[4] for said in shown["responses"][arm]] == [texts["pocket-00007", number] for number in (0, 1)]
    assert len(samples.pictures.uris) == 20, "two problems show one picture"


def test_a_page_that_would_be_too_large_says_what_it_leaves_out(tmp_path: Path) -> None:
    case = StudyCase(arms={"base": "base", "rl": "rl"}, num_problems=200)
    view = StudyView(StudyResults(write_study(tmp_path, case)))
    whole = collect_samples(view)
    part = collect_samples(view, max_bytes=(sum(map(len, whole.chunks)) + whole.pictures.num_bytes) // 2)
    assert 0 < part.num_shown < whole.num_shown == 200
    index = unpacked(part.index)
    assert len(index["id"]) == part.num_shown
    images = [n for chunk in part.chunks for each in unpacked(chunk) for n in each["images"]]
    assert max(images) == len(part.pictures.uris) - 1


def test_a_picture_that_is_none_is_left_out(tmp_path: Path) -> None:
    folder = write_study(tmp_path, StudyCase(arms={"base": "base"}, num_problems=10))
    images = sorted(folder.glob("steps/evaluate-*/images/*.png"))
    images[0].write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", encoding="utf-8")
    images[1].unlink()
    said = " ".join(Page(report_page(folder)).text)
    assert "2 picture files were missing or could not be read" in said


def test_a_csv_never_runs_in_a_spreadsheet() -> None:
    table = DataTable(name="x", columns=("a", "b"), rows=[["=1+1", -2.5], ["plain", None]])
    assert table.csv() == "a,b\n'=1+1,-2.5\nplain,\n"


def test_the_command_writes_beside_the_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_study(tmp_path / "study", StudyCase(arms={"base": "base", "rl": "rl"}, num_problems=10))
    assert run(["report", str(folder)]) == 0
    assert (folder / "report.html").exists()
    assert str(folder / "report.html") in capsys.readouterr().out
    other = tmp_path / "made" / "other.html"
    assert run(["report", str(folder), "--out", str(other)]) == 0
    assert other.read_bytes() == (folder / "report.html").read_bytes()


def test_a_folder_without_a_study_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", str(tmp_path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_nothing_evaluated_is_an_error(tmp_path: Path) -> None:
    folder = write_study(tmp_path, StudyCase(arms={"base": "base"}, num_problems=10))
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    for step in plan["steps"].values():
        step["done"] = False
    (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    with pytest.raises(InputError, match="no arm is evaluated"):
        write_report(folder)


def test_an_unfinished_study_shows_what_there_is(tmp_path: Path) -> None:
    folder = write_study(tmp_path, StudyCase(arms={"base": "base", "sft": "sft", "two_stage": "two_stage"}))
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    key = next(run["evaluations"]["pocket"] for run in plan["runs"] if run["arm"] == "two_stage")
    plan["steps"][key] |= {"done": False, "ledger": None}
    (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    rows = Page(report_page(folder)).data("accuracy")
    assert {row["arm"] for row in rows} == {"base", "sft"}


def test_the_report_does_without_torch(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from synergy.report.page import report_page; "
        "report_page(Path(sys.argv[1])); sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def unpacked(content: str) -> Any:
    return json.loads(gzip.decompress(base64.b64decode(content)))
