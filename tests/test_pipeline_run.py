"""Whole pipelines against the pocket's exact server and servers that misbehave: results against the truth."""

import json
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from loopback import Refusal, loopback
from PIL import Image
from pipeline_cases import MODELS, POCKET, asking, completion, document, endpoint, question_of, questions, ran

from synergy.config.data import FileDataConfig
from synergy.data.load import open_data
from synergy.data.pipeline.budget import BudgetSpentError
from synergy.data.pipeline.sample import Fate
from synergy.data.pipeline.samples import read_samples
from synergy.errors import FileError, InputError

TRACE = "<think>I count.</think>It is {}."


def answered(path: str, body: dict[str, Any]) -> dict[str, Any]:
    return completion(TRACE.format(question_of(body)))


def test_six_steps_make_tables_that_load(tmp_path: Path) -> None:
    progress, funnel = ran(document(), tmp_path)
    counts = funnel.sources["boards"]
    assert (counts.num_in, counts.num_kept, progress.num_dropped) == (24, 24, 0)
    assert counts.pools["rl"] + counts.pools["sft"] == 24
    written = json.loads((tmp_path / "funnel.json").read_text())
    assert written["sources"]["boards"]["num_rl"] == counts.pools["rl"]
    assert written["spent"]["caption"]["num_replies"] <= 24
    rl = open_data(FileDataConfig(source="file", path=tmp_path / "rl.parquet", trace_column="trace"))
    assert len(rl) == counts.pools["rl"]
    example = rl[0]
    assert example.problem.id.startswith("boards/train-")
    assert len(example.problem.images) == 1
    assert example.demonstrations[0].trace
    assert example.columns["caption"].startswith("A 3 by 3 grid.")


def test_verification_against_the_truth(tmp_path: Path) -> None:
    """At least 99 % of planted wrong traces are caught and 99 % of right ones pass; here the verifier is exact."""
    data = {"source": "pocket", "num_problems": 200}
    config = document(sources={"all": {"data": data}}, serve={"faults": {"wrong_answer": 0.3, "seed": 5}})
    ran(config, tmp_path)
    truth = open_data(config.sources["all"].data)
    gold = {f"all/{each.problem.id}": each.problem.answer for each in (truth[n] for n in range(len(truth)))}
    caught = passed = num_wrong = num_right = 0
    for sample in read_samples(tmp_path):
        is_right = sample.fields["reasoning"].rpartition("nswer is ")[2] == gold[sample.key]
        num_right += is_right
        num_wrong += not is_right
        passed += is_right and sample.fate is Fate.KEPT
        caught += not is_right and sample.reason == "wrong_answer"
    assert num_wrong > 40
    assert caught / num_wrong >= 0.99
    assert passed / num_right >= 0.99


def test_every_planted_fault_is_dropped_for_its_reason(tmp_path: Path) -> None:
    faults = {"says_caption": 0.5, "long_rewrite": 0.2, "malformed": 0.1, "refusal": 0.1}
    _, funnel = ran(document(serve={"faults": faults}), tmp_path)
    steps = funnel.sources["boards"].steps
    assert set(steps["rewrite"].dropped) <= {"length_changed", "malformed", "refused"}
    assert steps["rewrite"].dropped["length_changed"] > 0
    assert steps["caption"].dropped.total() + steps["distil"].dropped.total() > 0
    for sample in read_samples(tmp_path, "fate = 'kept'"):
        assert "caption" not in sample.fields["reasoning"].lower()


def test_a_run_again_asks_nothing_and_another_config_asks_only_what_is_new(tmp_path: Path) -> None:
    first, funnel = ran(document(), tmp_path)
    assert first.num_asked > 50
    again, same = ran(document(), tmp_path)
    assert (again.num_asked, again.num_found, again.num_done) == (0, 0, 0)
    assert same.as_json() == funnel.as_json()
    stricter = [{"step": "caption", "endpoints": {"captioner": 1.0}, "min_words": 5}, {"step": "split"}]
    other, _ = ran(document(steps=stricter), tmp_path)
    assert (other.num_asked, other.num_done) == (0, 24)
    assert other.num_found == 24


def test_steps_left_out_reordered_replaced_and_skipped(tmp_path: Path) -> None:
    own = tmp_path / "own.py"
    own.write_text("def solve(s): return {'reasoning': 'Wait, ' + s['question'], 'conclusion': s['answer']}\n")
    steps = [
        {"step": "function", "name": "solve", "path": f"{own}:solve"},
        {"step": "split"},
        {"step": "verify", "endpoints": {"verifier": 1.0}},
    ]
    sources = {
        "boards": {"data": POCKET},
        "given": {"data": {**POCKET, "seed": 1}, "skip": ["verify"], "fields": {"caption": "caption"}, "most_rl": 3},
        "direct": {"data": {**POCKET, "seed": 2}, "skip": ["solve", "split", "verify"], "pool": "sft"},
    }
    config = document(steps=steps, sources=sources, endpoints={"verifier": endpoint("serve", "pocket-verifier")})
    progress, funnel = ran(config, tmp_path / "run")
    assert {name: dict(each.pools) for name, each in funnel.sources.items()} == {
        "boards": {"rl": 24},
        "given": {"rl": 3, "over_the_limit": 21},
        "direct": {"no_trace": 24},
    }
    assert funnel.sources["given"].steps["verify"].num_passed_by == 24
    assert 0 < progress.num_asked <= 24
    rows = pq.read_table(tmp_path / "run" / "rl.parquet").to_pylist()
    assert {row["source"] for row in rows} == {"boards", "given"}
    assert all(row["trace"].startswith("Wait, ") for row in rows)
    assert pq.read_table(tmp_path / "run" / "sft.parquet").num_rows == 0


def test_the_same_question_is_asked_once_however_many_ask_it(tmp_path: Path) -> None:
    data = tmp_path / "same.jsonl"
    row = {"question": "same", "answer": "4", "answer_kind": "integer"}
    data.write_text("\n".join(json.dumps({"id": str(number), **row}) for number in range(20)))
    with loopback(answered) as server:
        progress, funnel = ran(asking(server.url, {"source": "file", "path": str(data)}), tmp_path / "run")
        assert len(server.asked) == 1
    assert (progress.num_asked, progress.num_found) == (1, 19)
    assert funnel.sources["questions"].num_kept == 20


def test_concurrency_is_bounded_and_used(tmp_path: Path) -> None:
    all_in = threading.Barrier(4)

    def answer(path: str, body: dict[str, Any]) -> dict[str, Any]:
        all_in.wait(timeout=10)  # fails unless four are under way at once
        return answered(path, body)

    with loopback(answer) as server:
        ran(asking(server.url, questions(tmp_path / "q.jsonl", 12)), tmp_path / "run")
        assert server.most_under_way == 4


def test_the_budget_is_a_hard_stop_and_what_is_done_is_kept(tmp_path: Path) -> None:
    data = questions(tmp_path / "q.jsonl", 50)
    with loopback(answered) as server:
        small = asking(
            server.url,
            data,
            budget={"tokens": 700},
            steps=[{"step": "distil", "endpoints": {"only": 1.0}, "sampling": {"max_tokens": 100}}],
        )
        with pytest.raises(BudgetSpentError, match=r"budget 700 tokens: .* raise the budget") as caught:
            ran(small, tmp_path / "run")
        assert "\n" not in str(caught.value)
        num_paid = len(server.asked)
        assert 0 < num_paid * 15 <= 700
        enough, funnel = ran(small.model_copy(update={"budget": type(small.budget)()}), tmp_path / "run")
        assert len(server.asked) == 50
        assert enough.num_asked == 50 - num_paid
    assert funnel.sources["questions"].num_kept == 50


def test_a_wrong_key_and_a_server_that_is_down(tmp_path: Path) -> None:
    data = questions(tmp_path / "q.jsonl", 30)
    is_open = False

    def answer(path: str, body: dict[str, Any]) -> dict[str, Any]:
        if not is_open and question_of(body) != "q 29":
            raise Refusal(401)
        return answered(path, body)

    with loopback(answer) as server:
        with pytest.raises(InputError, match=r"HTTP 401.* check url, model and key") as caught:
            ran(asking(server.url, data), tmp_path / "run")
        assert "\n" not in str(caught.value)
        is_open = True
        progress, _ = ran(asking(server.url, data), tmp_path / "run")
        assert progress.num_done_before + progress.num_done == 30
    with pytest.raises(InputError, match=r"endpoint only answered none of the last 4 requests .*refused.*is kept"):
        ran(asking("http://127.0.0.1:9", data), tmp_path / "down")
    keyed = {"only": endpoint("http://127.0.0.1:9", api_key_variable="MISSING_KEY")}
    with pytest.raises(InputError, match="MISSING_KEY is not set"):
        ran(asking("http://127.0.0.1:9", data, endpoints=keyed), tmp_path / "key")


def test_failed_samples_are_asked_for_again(tmp_path: Path) -> None:
    is_up = False

    def answer(path: str, body: dict[str, Any]) -> dict[str, Any]:
        if not is_up and question_of(body) == "q 3":
            raise Refusal(503)
        return answered(path, body)

    data = questions(tmp_path / "q.jsonl", 10)
    with loopback(answer) as server:
        first, funnel = ran(asking(server.url, data), tmp_path / "run")
        assert (first.num_failed, funnel.num_failed, first.num_retries) == (1, 1, 2)
        assert funnel.sources["questions"].num_kept == 9
        is_up = True
        second, funnel = ran(asking(server.url, data), tmp_path / "run")
    assert (second.num_asked, second.num_done_before, funnel.num_failed) == (1, 9, 0)


def test_replies_that_cannot_be_used_are_kept_counted_and_asked_again_where_wanted(tmp_path: Path) -> None:
    tries: dict[str, int] = {}

    def answer(path: str, body: dict[str, Any]) -> dict[str, Any]:
        text = question_of(body)
        tries[text] = tries.get(text, 0) + 1
        match text:
            case "q 0":
                return completion("I’m sorry, no.")
            case "q 1":
                return completion("<think>I", finish_reason="length")
            case "q 2":
                return completion("no tags")
            case "q 3" if tries[text] == 1:
                return completion("no tags at first")
            case "q 4":
                return completion("", refusal="No.")
            case "q 5":
                raise Refusal(400)
            case _:
                return completion(TRACE.format(4))

    steps = [{"step": "distil", "endpoints": {"only": 1.0}, "tries": 2}]
    with loopback(answer) as server:
        config = asking(server.url, questions(tmp_path / "q.jsonl", 8), steps=steps)
        _, funnel = ran(config, tmp_path / "run")
    counts = funnel.sources["questions"].steps["distil"]
    assert counts.dropped == {"refused": 2, "cut_off": 1, "malformed": 1, "unfit_request": 1}
    assert counts.num_out == 3
    assert tries == {"q 0": 2, "q 1": 2, "q 2": 2, "q 3": 2, "q 4": 2, "q 5": 1, "q 6": 1, "q 7": 1}
    rows = sqlite3.connect(tmp_path / "run" / "replies.sqlite").execute("SELECT text FROM replies").fetchall()
    assert len(rows) == 12


def test_a_broken_image_stops_or_is_dropped(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no picture")
    rows = [
        {"id": str(number), "question": f"q {number}", "answer": "4", "answer_kind": "integer", "images": images}
        for number, images in enumerate([[], ["bad.png"], []])
    ]
    table = tmp_path / "t.jsonl"
    table.write_text("\n".join(map(json.dumps, rows)))
    data = {"source": "file", "path": str(table)}
    with loopback(answered) as server:
        with pytest.raises(FileError, match=r"problem '1': cannot decode the image \(bad.png\)") as caught:
            ran(asking(server.url, data), tmp_path / "stops")
        assert "\n" not in str(caught.value)
        _, funnel = ran(asking(server.url, data, unreadable="drop"), tmp_path / "drops")
        assert funnel.sources["questions"].steps["reading"].dropped == {"unreadable_image": 1}
        assert funnel.sources["questions"].num_kept == 2
        Image.new("RGB", (4, 4)).save(tmp_path / "bad.png")
        _, funnel = ran(asking(server.url, data, unreadable="drop"), tmp_path / "drops")
    assert funnel.sources["questions"].num_kept == 3  # mended, it is read again
    sources = {"questions": {"data": data, "pool": "sft", "fields": {"caption": "captoin"}}}
    with pytest.raises(InputError, match="no text in column 'captoin'"):
        ran(asking("http://127.0.0.1:9", data, sources=sources), tmp_path / "column")


_FULL_DISK = """
import resource, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from pipeline_cases import asking, ran
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
ran(asking({url!r}, {data!r}), Path({run!r}))
"""


def test_a_full_disk_is_one_line_and_what_was_answered_is_kept(tmp_path: Path) -> None:
    """The process may write no file beyond 200 kB, as if the disk were full."""
    data, run = questions(tmp_path / "q.jsonl", 400), tmp_path / "run"
    tests = str(Path(__file__).parent)
    with loopback(answered) as server:
        script = _FULL_DISK.format(tests=tests, url=server.url, data=data, run=str(run))
        ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        last = ended.stderr.strip().splitlines()[-1]
        assert last.startswith("synergy.errors.FileError: ")
        assert "what was written is kept, run the same command again" in last
        num_paid = len(server.asked)
        assert 0 < num_paid < 400
        progress, funnel = ran(asking(server.url, data), run)
        # what could not be kept was under way: at most one request a slot
        assert len(server.asked) <= 400 + 4
    assert funnel.sources["questions"].num_kept == 400
    assert progress.num_asked <= 400 - num_paid + 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"endpoints": {"solver": endpoint("serve", "x")}}, "unknown endpoint 'captioner'"),
        ({"steps": [{"step": "capton"}]}, "caption"),
        ({"steps": [{"step": "split"}, {"step": "split"}]}, "two are called split"),
        ({"sources": {"b": {"data": POCKET, "skip": ["splt"]}}}, r"skips 'splt' \(did you mean 'split'"),
        ({"sources": {"b": {"data": POCKET, "skip": ["split"]}}}, "passes no split step; expected pool"),
        ({"sources": {"b": {"data": POCKET, "fields": {"answer": "x"}}}}, "unknown field 'answer'"),
        ({"serve": None}, "url serve without a section serve"),
    ],
)
def test_documents_that_cannot_be_meant_are_one_line(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        document(**changes)
    assert "\n" not in str(caught.value)


def test_several_models_share_a_step_by_weight(tmp_path: Path) -> None:
    endpoints = {name: endpoint("serve", f"pocket-{name}") for name in MODELS}
    endpoints["second"] = endpoint("serve", "pocket-captioner")
    steps = [{"step": "caption", "endpoints": {"captioner": 1.0, "second": 1.0}}, {"step": "split"}]
    ran(document(endpoints=endpoints, steps=steps), tmp_path)
    rows = sqlite3.connect(tmp_path / "replies.sqlite").execute("SELECT DISTINCT endpoint FROM replies").fetchall()
    assert sorted(rows) == [("captioner",), ("second",)]
