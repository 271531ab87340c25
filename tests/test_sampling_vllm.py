"""The vLLM back-end without vLLM: what it would be asked, what is made of answers of its form, names of weights.

A stand-in engine and a server on this machine answer in vLLM's form; vLLM itself is not run.
"""

import sys
from collections import namedtuple
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from loopback import loopback

from synergy.config.model import LoraConfig, ModelConfig
from synergy.config.sampling import SamplingConfig, VllmConfig
from synergy.errors import InputError
from synergy.models.loading import LoadedModel, load_model
from synergy.pocket.world import items
from synergy.prompts import BOXED
from synergy.records import Problem, Purpose, SampleRequest, StopReason
from synergy.sampling.named_weights import named_weights, weight_name, weight_shapes
from synergy.sampling.stopping import end_ids
from synergy.sampling.vllm_colocated import ColocatedSampler
from synergy.sampling.vllm_requests import check_prompt, engine_settings, sampling_settings, vllm_prompt
from synergy.sampling.vllm_server import PolicyWeights, VllmServerSampler


@pytest.fixture(scope="module")
def loaded(untrained: Path) -> LoadedModel:
    return load_model(ModelConfig(checkpoint=str(untrained), device="cpu"))


def _problem() -> Problem:
    return next(iter(items("train", 1, seed=3))).problem()


def test_a_prompt_shows_each_image_once(loaded: LoadedModel):
    problem, placeholder = _problem(), loaded.renderer.visual_tokens.placeholder
    prompt = vllm_prompt(loaded.renderer, problem, BOXED, [7, 8])
    whole = loaded.renderer.render(problem, BOXED).token_ids.tolist()
    assert prompt["prompt_token_ids"].count(placeholder) == 1
    assert [i for i in prompt["prompt_token_ids"][:-2] if i != placeholder] == [i for i in whole if i != placeholder]
    assert prompt["prompt_token_ids"][-2:] == [7, 8]
    assert prompt["multi_modal_data"]["image"] == list(problem.images)


def test_settings_leave_nothing_to_a_generation_config(loaded: LoadedModel):
    config = SamplingConfig(top_p=0.9, top_k=5, max_tokens=30, stop=("x",))
    banned = loaded.renderer.visual_tokens.banned
    settings = sampling_settings(config, temperature=0.7, banned=banned, end_ids=[3])
    assert settings == {
        "temperature": 0.7,
        "top_p": 0.9,
        "top_k": 5,
        "min_p": 0.0,
        "repetition_penalty": 1.0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "max_tokens": 30,
        "stop": ["x"],
        "include_stop_str_in_output": True,
        "stop_token_ids": [3],
        "logit_bias": dict.fromkeys(banned, -100.0),
    }


def test_the_engine_gets_the_trainers_limits(loaded: LoadedModel):
    settings = engine_settings(loaded, SamplingConfig(max_tokens=100), num_processes=1)
    assert settings["model"] == loaded.config.checkpoint
    assert settings["max_model_len"] == loaded.config.rendering.max_prompt_tokens + 100
    assert settings["logprobs_mode"] == "processed_logprobs"
    assert settings["distributed_executor_backend"] == "uni"
    several = engine_settings(loaded, SamplingConfig(), num_processes=2)
    assert several["distributed_executor_backend"] == "external_launcher"


def test_another_prompt_than_the_trainers_is_an_error():
    check_prompt("a", [1, 2], [1, 2])
    with pytest.raises(InputError, match="vLLM reads 3 prompt tokens, the trainer 2"):
        check_prompt("a", [1, 2], [1, 2, 2])


# ---- weights


def test_names_are_the_checkpoints():
    assert weight_name("model.layers.0.q_proj.weight") == "model.layers.0.q_proj.weight"
    assert weight_name("model.layers.0.q_proj.base_layer.bias") == "model.layers.0.q_proj.bias"
    assert weight_name("model.layers.0.q_proj.lora_A.default.weight") is None
    assert (
        weight_name("model._orig_mod.layers.0._checkpoint_wrapped_module.norm.weight") == "model.layers.0.norm.weight"
    )


def test_every_weight_is_given_once(loaded: LoadedModel):
    given = dict(named_weights(loaded.model))
    own = dict(loaded.model.named_parameters())
    assert set(given) == set(own)
    assert all(torch.equal(given[name], own[name]) and not given[name].requires_grad for name in own)
    assert [(n, w.dtype, tuple(w.shape)) for n, w in named_weights(loaded.model)] == weight_shapes(loaded.model)


def test_an_adapter_is_merged_into_what_is_given(untrained: Path, loaded: LoadedModel):
    lora = LoraConfig(rank=2, alpha=8.0, targets=("q_proj", "down_proj"))
    adapted = load_model(ModelConfig(checkpoint=str(untrained), device="cpu", lora=lora))
    with torch.no_grad():
        for name, parameter in adapted.model.named_parameters():
            if "lora_" in name:
                parameter.normal_(0, 0.1, generator=torch.Generator().manual_seed(len(name)))
    given = dict(named_weights(adapted.model))
    own = dict(loaded.model.named_parameters())
    merged = dict(adapted.adapter.merge_and_unload().named_parameters())
    assert list(given) == list(own)
    assert all(torch.allclose(given[name], merged[name], atol=1e-6) for name in own)
    changed = {name for name in own if not torch.equal(given[name], own[name])}
    assert changed
    assert all(name.endswith(("q_proj.weight", "down_proj.weight")) for name in changed)


def test_weights_as_vllm_asks_for_them(loaded: LoadedModel):
    meta = namedtuple("meta", ["name", "dtype", "shape"])
    source = PolicyWeights(loaded, meta)
    assert source.owned_names(0) == [described.name for described in source.metadata]
    for described, (name, tensor) in zip(source.metadata, source.iter_full(), strict=True):
        assert described == (name, tensor.dtype, tuple(tensor.shape))


# ---- a stand-in for the engine


@dataclass
class _Completion:
    index: int
    token_ids: list[int]
    logprobs: list[dict[int, Any]]
    finish_reason: str


class _Engine:
    """Answers with its sample's index and the end token."""

    def __init__(self, loaded: LoadedModel, **settings: Any) -> None:
        self.loaded = loaded
        self.settings = settings
        self.weights: dict[str, torch.Tensor] = {}
        self.forgotten: list[str] = []
        self.asked: list[tuple[dict[str, Any], Any]] = []
        self.llm_engine = SimpleNamespace(reset_encoder_cache=lambda: self.forgotten.append("images"))
        self.prompt_ids: list[list[int]] = []  # of the next call

    def apply_model(self, function: Any) -> None:
        function(SimpleNamespace(load_weights=lambda weights: self.weights.update(weights)))

    def reset_prefix_cache(self) -> None:
        self.forgotten.append("prefixes")

    def generate(self, prompts: list[dict[str, Any]], params: list[Any], use_tqdm: bool) -> list[Any]:
        self.asked += zip(prompts, params, strict=True)
        return [self._output(index, settings) for index, settings in enumerate(params)]

    def _output(self, index: int, settings: Any) -> Any:
        completions = []
        for sample in reversed(range(settings.n)):
            ids = [20 + sample, self.loaded.renderer.end_token_id]
            places = [{token: SimpleNamespace(logprob=-0.5 * token), 3: SimpleNamespace(logprob=0.0)} for token in ids]
            completions.append(_Completion(sample, ids, places, "stop" if sample else "abort"))
        return SimpleNamespace(prompt_token_ids=self.prompt_ids[index], outputs=completions)


@pytest.fixture
def engine_module(loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module: Any = ModuleType("vllm")
    module.LLM = lambda **settings: _Engine(loaded, **settings)
    module.SamplingParams = SimpleNamespace
    module.sampling_params = SimpleNamespace(RequestOutputKind=SimpleNamespace(FINAL_ONLY="final"))
    monkeypatch.setitem(sys.modules, "vllm", module)
    monkeypatch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "1")
    return module


def test_the_engine_in_this_process(loaded: LoadedModel, engine_module: ModuleType):
    sampler = ColocatedSampler(loaded, SamplingConfig(backend="vllm", max_tokens=9), BOXED, seed=2)
    engine = cast(_Engine, sampler.engine)
    assert set(engine.weights) == set(dict(loaded.model.named_parameters()))
    assert engine.forgotten == ["prefixes", "images"]
    problem = _problem()
    requests = [
        SampleRequest(problem=problem, num_samples=3),
        SampleRequest(problem=problem, num_samples=2, prefix=np.array([11, 12])),
    ]
    ids = loaded.renderer.render(problem, BOXED).token_ids.tolist()
    engine.prompt_ids = [ids, [*ids, 11, 12]]
    progress: list[tuple[int, int]] = []
    groups = sampler.sample(
        requests, purpose=Purpose.TRAIN, on_progress=lambda finished, tokens: progress.append((finished, tokens))
    )
    assert [settings.n for _, settings in engine.asked] == [3, 2]
    assert len({settings.seed for _, settings in engine.asked}) == 2
    assert engine.asked[0][1].stop_token_ids == end_ids(loaded.renderer)
    failed, first, second = groups[0].rollouts
    assert failed.stop_reason is StopReason.FAILED
    assert (first.token_ids[0], second.token_ids[0]) == (21, 22)
    assert first.sampler_logprobs is not None
    assert first.sampler_logprobs.tolist() == [-10.5, -0.5 * loaded.renderer.end_token_id]
    guided = groups[1].rollouts[1]
    assert guided.token_ids.tolist() == [11, 12, 21, loaded.renderer.end_token_id]
    assert guided.num_guided_tokens == 2
    assert guided.sampler_logprobs is not None
    assert np.isnan(guided.sampler_logprobs).tolist() == [True, True, False, False]
    assert progress == [(5, 6)]
    engine.prompt_ids = [ids[:-1]]
    with pytest.raises(InputError, match="the same checkpoint folder"):
        sampler.sample(requests[:1], purpose=Purpose.TRAIN, temperature=0)


def test_the_server(loaded: LoadedModel):
    problem = _problem()
    ids = loaded.renderer.render(problem, BOXED).token_ids.tolist()
    prefix = loaded.renderer.tokenizer("<think> one")["input_ids"]
    end = loaded.renderer.end_token_id

    def answer(path: str, body: dict[str, Any]) -> dict[str, Any]:
        given = prefix if body.get("continue_final_message") else []
        choices = [
            {
                "message": {"content": "said"},
                "finish_reason": "stop",
                "token_ids": [20 + index, end],
                "logprobs": {"content": [{"logprob": -1.0}, {"logprob": -2.0}]} if body["logprobs"] else None,
            }
            for index in range(body["n"])
        ]
        return {"choices": choices, "prompt_token_ids": [*ids, *given]}

    with loopback(answer) as server:
        config = SamplingConfig(backend="vllm", vllm=VllmConfig(mode="server", url=server.url), max_tokens=9)
        sampler = VllmServerSampler(loaded, config, BOXED, seed=2)
        requests = [
            SampleRequest(problem=problem, num_samples=2),
            SampleRequest(problem=problem, num_samples=2, prefix=np.array(prefix)),
        ]
        groups = sampler.sample(requests, purpose=Purpose.TRAIN)
        greedy = sampler.sample(requests[:1], purpose=Purpose.TRAIN, temperature=0)
        ids.append(5)
        with pytest.raises(InputError, match="vLLM reads"):
            sampler.sample([SampleRequest(problem=problem, num_samples=1)], purpose=Purpose.TRAIN)
    assert [rollout.token_ids.tolist() for rollout in groups[0].rollouts] == [[20, end], [21, end]]
    rollout = groups[1].rollouts[1]
    assert rollout.token_ids.tolist() == [*prefix, 21, end]
    assert rollout.sampler_logprobs is not None
    assert rollout.sampler_logprobs[len(prefix) :].tolist() == [-1.0, -2.0]
    assert rollout.text.startswith("<think> one")
    assert [rollout.token_ids.tolist() for rollout in greedy[0].rollouts] == [[20, end]] * 2
    assert all(rollout.sampler_logprobs is None for rollout in greedy[0].rollouts)
    body = next(body for _, body in server.asked if body.get("continue_final_message"))
    assert body["messages"][-1] == {"role": "assistant", "content": "<think> one"}
    assert body["return_token_ids"]
    assert body["logit_bias"] == {str(index): -100.0 for index in sorted(loaded.renderer.visual_tokens.banned)}
