"""Sampling from an OpenAI-compatible server, against one on this machine."""

import base64
import io
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from loopback import Refusal, loopback
from PIL import Image, ImageChops

from synergy.chat_replies import choice_text
from synergy.config.model import ModelConfig
from synergy.config.sampling import EndpointConfig, SamplingConfig, VllmConfig
from synergy.errors import InputError, MissingExtraError
from synergy.models.loading import LoadedModel, load_model
from synergy.pocket.world import items
from synergy.prompts import ANSWER_TAGS, BOXED
from synergy.records import Problem, Purpose, SampleRequest, StopReason
from synergy.sampling.backends import check_backend, open_sampler


@pytest.fixture(scope="module")
def loaded(untrained: Path) -> LoadedModel:
    return load_model(ModelConfig(checkpoint=str(untrained), device="cpu"))


def _problems(count: int) -> list[Problem]:
    return [item.problem() for item in items("train", count, seed=3)]


def _config(url: str, **fields: Any) -> SamplingConfig:
    endpoint: dict[str, Any] = {
        "retry_seconds": 0.01,
        "max_retries": 2,
        "timeout_seconds": 5.0,
        **fields.pop("endpoint", {}),
    }
    section = EndpointConfig(url=f"{url}/v1", model="a model", **endpoint)
    return SamplingConfig(backend="endpoint", endpoint=section, max_tokens=20, **fields)


def _requests(problems: list[Problem], num_samples: int = 3, **fields: Any) -> list[SampleRequest]:
    return [SampleRequest(problem=problem, num_samples=num_samples, **fields) for problem in problems]


def _choice(text: str, finish_reason: str = "stop", **fields: Any) -> dict[str, Any]:
    return {"message": {"content": text}, "finish_reason": finish_reason, **fields}


def _echo(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The question's first words, numbered."""
    question = body["messages"][-1]["content"][-1]["text"]
    return {"choices": [_choice(f"{question[:12]} {index}") for index in range(body["n"])]}


def test_groups_come_in_order_with_what_was_asked(loaded: LoadedModel):
    problems = _problems(6)
    problems[2] = replace(problems[2], images=())
    progress: list[tuple[int, int]] = []
    with loopback(_echo) as server:
        sampler = open_sampler(loaded, _config(server.url, top_p=0.9, stop=("\n\n",)), ANSWER_TAGS, seed=4)
        groups = sampler.sample(
            _requests(problems),
            purpose=Purpose.EVALUATE,
            temperature=0.6,
            on_progress=lambda finished, tokens: progress.append((finished, tokens)),
        )
    assert [group.problem for group in groups] == problems
    for group in groups:
        texts = [rollout.text for rollout in group.rollouts]
        assert texts == [f"{group.problem.question[:12]} {index}" for index in range(3)]
        for rollout in group.rollouts:
            assert rollout.stop_reason is StopReason.STOP
            assert rollout.sampler_logprobs is None
            assert rollout.token_ids[-1] == loaded.renderer.end_token_id
            assert loaded.renderer.tokenizer.decode(rollout.token_ids[:-1]) == rollout.text
    assert progress[-1] == (18, sum(len(rollout.token_ids) for group in groups for rollout in group.rollouts))
    assert {path for path, _ in server.asked} == {"/v1/chat/completions"}
    assert len({body["seed"] for _, body in server.asked}) == 6
    for _, body in server.asked:
        assert (body["model"], body["n"], body["temperature"], body["top_p"]) == ("a model", 3, 0.6, 0.9)
        assert (body["max_tokens"], body["stop"]) == (20, ["\n\n"])
        assert "top_k" not in body
        assert body["messages"][0] == {"role": "system", "content": ANSWER_TAGS.system}
        *pictures, text = body["messages"][1]["content"]
        problem = next(problem for problem in problems if problem.question == text["text"])
        assert len(pictures) == len(problem.images)
        for picture, image in zip(pictures, problem.images, strict=True):
            content = base64.b64decode(picture["image_url"]["url"].removeprefix("data:image/png;base64,"))
            assert ImageChops.difference(Image.open(io.BytesIO(content)).convert("RGB"), image).getbbox() is None


def test_the_seed_is_the_streams(loaded: LoadedModel):
    problems = _problems(2)
    with loopback(_echo) as server:
        sampler = open_sampler(loaded, _config(server.url), BOXED, seed=4)
        for purpose, visit in ((Purpose.TAG, 0), (Purpose.TAG, 0), (Purpose.TAG, 1), (Purpose.EVALUATE, 0)):
            sampler.sample(_requests(problems[:1], visit=visit), purpose=purpose)
    seeds = [body["seed"] for _, body in server.asked]
    assert seeds[0] == seeds[1]
    assert len(set(seeds)) == 3
    assert max(seeds) < 2**53


def test_a_server_that_gives_one_choice_at_a_time_is_asked_again(loaded: LoadedModel):
    def one(path: str, body: dict[str, Any]) -> dict[str, Any]:
        return {"choices": [_choice(f"seed {body['seed']}")]}

    with loopback(one) as server:
        groups = open_sampler(loaded, _config(server.url), BOXED, seed=0).sample(
            _requests(_problems(1)), purpose=Purpose.TAG
        )
    assert [body["n"] for _, body in server.asked] == [3, 2, 1]
    assert len({rollout.text for rollout in groups[0].rollouts}) == 3


def test_greedy_asks_for_one_response(loaded: LoadedModel):
    with loopback(_echo) as server:
        groups = open_sampler(loaded, _config(server.url), BOXED, seed=0).sample(
            _requests(_problems(1)), purpose=Purpose.TAG, temperature=0
        )
    assert [body["n"] for _, body in server.asked] == [1]
    assert [rollout.sample_index for rollout in groups[0].rollouts] == [0, 1, 2]
    assert len({rollout.text for rollout in groups[0].rollouts}) == 1


def test_a_busy_server_is_asked_again(loaded: LoadedModel):
    refusals = iter([Refusal(503), Refusal(429, Retry_After="0")])

    def busy(path: str, body: dict[str, Any]) -> dict[str, Any]:
        for refusal in refusals:
            raise refusal
        return _echo(path, body)

    with loopback(busy) as server:
        groups = open_sampler(loaded, _config(server.url), BOXED, seed=0).sample(
            _requests(_problems(1)), purpose=Purpose.TAG
        )
    assert len(server.asked) == 3
    assert groups[0].rollouts[0].stop_reason is StopReason.STOP


def test_a_problem_without_an_answer_fails_alone(loaded: LoadedModel, caplog: pytest.LogCaptureFixture):
    problems = _problems(4)

    def unfit(path: str, body: dict[str, Any]) -> dict[str, Any]:
        if body["messages"][-1]["content"][-1]["text"].startswith(problems[1].question):
            raise Refusal(400)
        if body["messages"][-1]["content"][-1]["text"].startswith(problems[2].question):
            time.sleep(0.5)
        return _echo(path, body)

    with loopback(unfit) as server:
        config = _config(server.url, endpoint={"timeout_seconds": 0.25, "max_retries": 1})
        groups = open_sampler(loaded, config, BOXED, seed=0).sample(_requests(problems), purpose=Purpose.TAG)
    failed = [[rollout.stop_reason is StopReason.FAILED for rollout in group.rollouts] for group in groups]
    assert failed == [[False] * 3, [True] * 3, [True] * 3, [False] * 3]
    assert all(len(rollout.token_ids) == 0 for rollout in groups[1].rollouts)
    assert "HTTP 400" in caplog.text
    assert "tried 2 times" in caplog.text


@pytest.mark.parametrize(
    ("status", "message"),
    [(401, "refuses requests with HTTP 401"), (404, "check url, model and key"), (400, "answered none of 5 requests")],
)
def test_a_server_that_cannot_be_used_is_an_error(loaded: LoadedModel, status: int, message: str):
    def refuse(path: str, body: dict[str, Any]) -> dict[str, Any]:
        raise Refusal(status)

    with loopback(refuse) as server, pytest.raises(InputError, match=message):
        open_sampler(loaded, _config(server.url), BOXED, seed=0).sample(_requests(_problems(5)), purpose=Purpose.TAG)


def test_no_server_is_an_error(loaded: LoadedModel):
    with loopback(_echo) as server:
        url = server.url
    with pytest.raises(InputError, match="answered none"):
        open_sampler(loaded, _config(url), BOXED, seed=0).sample(_requests(_problems(2)), purpose=Purpose.TAG)


def test_no_more_requests_at_once_than_allowed(loaded: LoadedModel):
    def slow(path: str, body: dict[str, Any]) -> dict[str, Any]:
        time.sleep(0.02)
        return _echo(path, body)

    with loopback(slow) as server:
        config = _config(server.url, endpoint={"concurrency": 3})
        open_sampler(loaded, config, BOXED, seed=0).sample(_requests(_problems(12)), purpose=Purpose.TAG)
    assert 2 <= server.most_under_way <= 3


def test_what_a_choice_says():
    assert choice_text(_choice("so 4")) == "so 4"
    assert choice_text(_choice("so", stop_reason=" 4")) == "so 4"
    assert choice_text(_choice("so 4", stop_reason=" 4")) == "so 4"
    assert choice_text(_choice("so 4", stop_reason=17)) == "so 4"
    told_apart = {"message": {"content": " 4", "reasoning_content": " 2 + 2"}}
    assert choice_text(told_apart) == "<think> 2 + 2</think> 4"
    assert choice_text({"message": {"content": None}}) == ""


def test_truncated_and_impossible_responses(loaded: LoadedModel, caplog: pytest.LogCaptureFixture):
    placeholder = loaded.renderer.tokenizer.decode([loaded.renderer.visual_tokens.placeholder])

    def answer(path: str, body: dict[str, Any]) -> dict[str, Any]:
        return {"choices": [_choice("one two", "length"), _choice(placeholder), _choice("")]}

    with loopback(answer) as server:
        group = open_sampler(loaded, _config(server.url), BOXED, seed=0).sample(
            _requests(_problems(1)), purpose=Purpose.TAG
        )[0]
    cut, impossible, empty = group.rollouts
    assert cut.stop_reason is StopReason.LENGTH
    assert cut.token_ids[-1] != loaded.renderer.end_token_id
    assert impossible.stop_reason is StopReason.FAILED
    assert "visual token" in caplog.text
    assert empty.token_ids.tolist() == [loaded.renderer.end_token_id]


def test_what_an_endpoint_cannot_do(loaded: LoadedModel):
    with loopback(_echo) as server:
        sampler = open_sampler(loaded, _config(server.url), BOXED, seed=0)
        with pytest.raises(InputError, match="cannot start a response with given tokens"):
            sampler.sample(_requests(_problems(1), prefix=np.array([5])), purpose=Purpose.TRAIN)
        with pytest.raises(InputError, match="weights of its own"):
            sampler.update_weights()
    assert not SamplingConfig(backend="endpoint").records_logprobs


def test_the_key_comes_from_the_environment(loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch):
    with loopback(_echo) as server:
        config = _config(server.url, endpoint={"api_key_variable": "SOME_KEY"})
        with pytest.raises(InputError, match="SOME_KEY is not set"):
            check_backend(config)
        monkeypatch.setenv("SOME_KEY", "abc")
        open_sampler(loaded, config, BOXED, seed=0).sample(_requests(_problems(1)), purpose=Purpose.TAG)
    assert server.headers[0]["Authorization"] == "Bearer abc"


def test_a_missing_back_end_is_named_before_anything_starts():
    with pytest.raises(InputError, match=r"expected a section sampling\.endpoint"):
        check_backend(SamplingConfig(backend="endpoint"))
    with pytest.raises(InputError, match=r"expected sampling\.vllm\.url"):
        check_backend(SamplingConfig(backend="vllm", vllm=VllmConfig(mode="server")))
    with pytest.raises(MissingExtraError, match=r'pip install "vlm-synergy\[vllm\]"'):
        check_backend(SamplingConfig(backend="vllm"))
    check_backend(SamplingConfig())
