"""Rates, budget, the file of replies, and a client that waits as it is told."""

import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from loopback import Refusal, loopback
from pipeline_cases import asking, completion, endpoint, questions, ran

from synergy.chat_replies import read_chat
from synergy.cli.pipeline_display import told
from synergy.config.pipeline import BudgetConfig, PipelineEndpointConfig
from synergy.data.pipeline.budget import Budget, BudgetSpentError, Price, price_of
from synergy.data.pipeline.progress import Progress
from synergy.data.pipeline.rate_limit import TokenBucket
from synergy.data.pipeline.replies import ReplyStore, Spent, StoredReply
from synergy.data.pipeline.stopping import Stop, Stopped
from synergy.errors import FileError
from synergy.http_json import JsonClient, NoAnswerError, UnfitRequestError


def test_a_bucket_spreads_requests_evenly_after_a_second_of_burst() -> None:
    now = [100.0]
    bucket = TokenBucket(120.0, clock=lambda: now[0])  # two a second
    assert [bucket.take() for _ in range(4)] == [0.0, 0.0, 0.5, 1.0]
    now[0] += 2.0  # the debt of 2 is paid and one is saved up … two at most
    assert bucket.take() == 0.0
    now[0] += 3600.0
    assert [bucket.take() for _ in range(3)] == [0.0, 0.0, 0.5]
    bucket.give_back(1.0)
    assert bucket.take() == 0.5
    assert TokenBucket(None).take(1e9) == 0.0


def test_a_large_take_waits_its_turn() -> None:
    bucket = TokenBucket(60.0, clock=lambda: 0.0)  # one a second
    assert bucket.take(31.0) == 30.0


def test_the_budget_lets_nothing_through_that_could_exceed_it() -> None:
    budget = Budget(BudgetConfig(tokens=100), Spent(num_replies=1, prompt_tokens=20, completion_tokens=20))
    with budget.reserved(Price(tokens=60, money=0.0)):
        budget.spend(Price(tokens=30, money=0.0))
    with budget.reserved(Price(tokens=30, money=0.0)):
        pass
    with pytest.raises(BudgetSpentError, match=r"budget 100 tokens: 70 tokens and .* may take 31 tokens"):
        budget.reserved(Price(tokens=31, money=0.0)).__enter__()


def test_a_request_waits_where_only_those_under_way_stand_before_it() -> None:
    budget = Budget(BudgetConfig(money=1.0), Spent())
    passed = threading.Event()

    def second() -> None:
        with budget.reserved(Price(tokens=0, money=0.6)):
            passed.set()

    with budget.reserved(Price(tokens=0, money=0.6)):
        thread = threading.Thread(target=second)
        thread.start()
        assert not passed.wait(0.05)
    assert passed.wait(5)
    thread.join()


def test_prices_are_of_a_million_tokens() -> None:
    endpoint = PipelineEndpointConfig(url="http://x", model="m", prompt_price=2.0, completion_price=10.0)
    assert price_of(endpoint, 1000, 500) == Price(tokens=1500, money=0.007)


def _reply(key: str, **changes: Any) -> StoredReply:
    values: dict[str, Any] = {
        "key": key,
        "step": "distil",
        "endpoint": "e",
        "model": "m",
        "text": "said “…”",
        "finish_reason": "stop",
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "tokens_are_estimated": False,
        "cost": 0.5,
        "seconds": 0.1,
    }
    return StoredReply(**{**values, **changes})


def test_replies_are_kept_and_summed(tmp_path: Path) -> None:
    path = tmp_path / "new" / "replies.sqlite"
    store = ReplyStore(path)
    assert store.spent() == Spent()
    store.put(_reply("a"), {"user": "ü"})
    store.put(_reply("b", step="verify"), {"user": "b"})
    store.close()
    again = ReplyStore(path)
    assert again.get("a") == _reply("a")
    assert again.get("c") is None
    assert again.asked("a") == {"user": "ü"}
    assert again.spent() == Spent(num_replies=2, prompt_tokens=20, completion_tokens=10, cost=1.0)
    assert set(again.spent_by_step()) == {"distil", "verify"}
    again.close()
    path.write_bytes(b"no database, but long enough to be taken for one" * 100)
    with pytest.raises(FileError, match="file is not a database"):
        ReplyStore(path)


def test_retry_after_is_heeded_as_seconds_and_as_a_date() -> None:
    waits: list[float] = []
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    told = iter(["7", soon, "junk"])

    def answer(path: str, body: dict[str, Any]) -> dict[str, Any]:
        if (value := next(told, None)) is not None:
            raise Refusal(429, Retry_After=value)
        return {"ok": 1}

    with loopback(answer) as server:
        client = JsonClient(url=server.url, timeout_seconds=5, max_retries=3, retry_seconds=0.5, wait=waits.append)
        assert client.post("x", {}) == {"ok": 1}
    assert waits[0] == 7.0
    assert 20 < waits[1] <= 30
    assert waits[2] == 2.0  # the third of its own waits: 0.5 × 2²


def test_jitter_and_cap_and_what_is_no_answer() -> None:
    waits: list[float] = []
    replies = iter([{"error": "busy"}, {}, completion("good")])
    with loopback(lambda path, body: next(replies)) as server:
        client = JsonClient(
            url=server.url,
            timeout_seconds=5,
            max_retries=2,
            retry_seconds=8.0,
            jitter=0.5,
            max_wait_seconds=10.0,
            accepts=lambda answer: "choices" in answer,
            wait=waits.append,
        )
        assert read_chat(client.post("x", {})).text == "good"
    assert 8.0 <= waits[0] <= 12.0
    assert 10.0 <= waits[1] <= 15.0


def test_unfit_requests_are_told_apart() -> None:
    def answer(path: str, body: dict[str, Any]) -> dict[str, Any]:
        raise Refusal(400 if body["bad"] else 503)

    with loopback(answer) as server:
        client = JsonClient(url=server.url, timeout_seconds=5)
        with pytest.raises(UnfitRequestError):
            client.post("x", {"bad": True})
        with pytest.raises(NoAnswerError) as caught:
            client.post("x", {"bad": False})
        assert not isinstance(caught.value, UnfitRequestError)


def test_a_refusal_and_missing_counts_are_read() -> None:
    refused = read_chat(completion("", refusal="I will not."))
    assert (refused.text, refused.finish_reason) == ("I will not.", "refusal")
    bare = read_chat({"choices": [{"message": {"content": None, "reasoning_content": "why"}}]})
    assert (bare.text, bare.prompt_tokens) == ("<think>why</think>", None)
    for bad in ({}, {"choices": []}, {"choices": [{"message": {"content": 3}}]}, {"choices": ["x"]}):
        with pytest.raises(NoAnswerError):
            read_chat(bad)


def test_a_stop_ends_waits() -> None:
    stop = Stop()
    threading.Timer(0.05, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        stop.sleep(30)
    assert time.monotonic() - began < 5


def test_progress_tells_throughput_cost_and_time_left() -> None:
    progress = Progress(
        num_samples=1000,
        num_done_before=100,
        num_done=300,
        num_dropped=30,
        num_asked=1200,
        num_tokens=60_000,
        num_retries=2,
        cost=1.5,
        cost_before=0.25,
        seconds=60.0,
    )
    assert told(progress, "€") == (
        "20.0 replies/s, 1,000 tokens/s, €1.75, 30 dropped, 2 retries, 0:02:00 left"  # 600 left at 5 a second
    )


def test_rates_of_a_provider_are_kept(tmp_path: Path) -> None:
    """Ten a second: ten at once, the other five over half a second; one at a time they would take no time."""
    times: list[float] = []

    def answer(path: str, body: dict[str, Any]) -> dict[str, Any]:
        times.append(time.monotonic())
        return completion("<think>a</think>b")

    with loopback(answer) as server:
        limited = {"only": endpoint(server.url, requests_per_minute=600.0, concurrency=16)}
        ran(asking(server.url, questions(tmp_path / "q.jsonl", 15), endpoints=limited), tmp_path / "run")
    assert len(times) == 15
    assert times[-1] - times[0] > 0.35
