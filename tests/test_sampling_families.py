"""Every family decoded in cohorts: its own greedy `generate`, and the trainer's log-probabilities."""

import numpy as np
import pytest
import torch
from model_families import CASES, END, IMAGE, START, VIDEO, WINDOW, Picture, TinyModel
from transformers import GenerationConfig

from synergy.config.sampling import LocalConfig
from synergy.models.prompt import Prompt
from synergy.models.trees import group_tree, make_batch
from synergy.records import Purpose
from synergy.sampling import cohort_cache
from synergy.sampling.choice import Chooser
from synergy.sampling.cohort_attention import COHORTS
from synergy.sampling.decoding import decode
from synergy.sampling.plain import decode_plain
from synergy.sampling.responses import Attempt, Response
from synergy.sampling.stopping import StopRule
from synergy.sampling.streams import StreamKey
from synergy.sampling.work import Task, with_prefix

MAX_TOKENS = 2 * WINDOW + 4  #: own tokens leave the window too, and the packed piece (16 tokens) is left behind
NUM_SAMPLES = 3
END_IDS = tuple(range(8, 16))  #: enough of them that responses end at different lengths
#: fewer slots than responses, so that some start when others have ended
SLOTS = LocalConfig(slots=7, cohort=6, prefill_tokens=120)


def _prompts(tiny: TinyModel) -> list[Prompt]:
    return [
        tiny.prompt("one", 4, Picture(1), 9),
        tiny.prompt("two images", 3, Picture(2), 1, Picture(1), 8),
        tiny.prompt("text", 12),
        tiny.prompt("the same image", Picture(1), 5),
        tiny.prompt("text again", 3),
    ]


def _tasks(prompts: list[Prompt]) -> list[Task]:
    def attempt(request: int, index: int) -> Attempt:
        key = StreamKey(seed=0, purpose=Purpose.TRAIN, visit=0, problem_id=str(request), prefix=(), sample_index=index)
        return Attempt(request=request, key=key)

    return [
        Task(prompt=prompt, attempts=tuple(attempt(request, index) for index in range(NUM_SAMPLES)))
        for request, prompt in enumerate(prompts)
    ]


def _responses(
    tiny: TinyModel, tasks: list[Task], temperature: float, config: LocalConfig = SLOTS, decoder=decode
) -> dict[tuple[int, int], Response]:
    found = decoder(
        tiny.policy,
        tasks,
        config,
        chooser=Chooser(temperature=temperature),
        stop_rule=StopRule(None, END_IDS, vocabulary_size=64),
        max_tokens=MAX_TOKENS,
    )
    return {
        (response.attempt.request, response.attempt.key.sample_index): response for step in found for response in step
    }


def _generated(tiny: TinyModel, prompt: Prompt) -> list[int]:
    """The model's own greedy response, up to and with the end token."""
    inputs = {
        name: tensor.double() if tensor.is_floating_point() else tensor for name, tensor in prompt.model_inputs.items()
    }
    config = GenerationConfig(
        max_new_tokens=MAX_TOKENS,
        do_sample=False,
        suppress_tokens=[IMAGE, VIDEO, START, END],
        eos_token_id=list(END_IDS),
        pad_token_id=0,
    )
    with torch.no_grad():
        output = tiny.model.generate(**inputs, input_ids=prompt.token_ids[None], generation_config=config)
    return output[0, prompt.num_tokens :].tolist()


@pytest.mark.parametrize("decoder", [decode, decode_plain])
@pytest.mark.parametrize("name", CASES)
def test_greedy_is_the_models_own(name: str, decoder):
    tiny = TinyModel(name, torch.float64)
    if name == "gemma3":  # its large embeddings, which are its output layer too, would only repeat the last token
        with torch.no_grad():
            tiny.model.get_input_embeddings().weight.mul_(0.05)
    prompts = _prompts(tiny)
    found = _responses(tiny, _tasks(prompts), 0.0, decoder=decoder)
    assert len(found) == len(prompts) * NUM_SAMPLES
    for request, prompt in enumerate(prompts):
        own = _generated(tiny, prompt)
        assert all(found[request, index].token_ids.tolist() == own for index in range(NUM_SAMPLES))
    assert len({len(response.token_ids) for response in found.values()}) > 1


@pytest.mark.parametrize("name", CASES)
def test_log_probs_are_the_trainers(name: str):
    tiny = TinyModel(name, torch.float32)
    prompts = _prompts(tiny)
    found = _responses(tiny, _tasks(prompts), 0.7)
    assert len({len(response.token_ids) for response in found.values()}) > 3
    _agree_with_trainer(tiny, prompts, found, 1e-4)


def _agree_with_trainer(
    tiny: TinyModel, prompts: list[Prompt], found: dict[tuple[int, int], Response], bound: float
) -> None:
    rows = [[found[request, index] for index in range(NUM_SAMPLES)] for request in range(len(prompts))]
    trees = [
        group_tree(prompt, [response.token_ids for response in row]) for prompt, row in zip(prompts, rows, strict=True)
    ]
    with torch.no_grad():
        want = tiny.policy(make_batch(trees), temperature=0.7).logprobs
    got = np.concatenate([response.logprobs for row in rows for response in row])
    assert np.abs(want.numpy() - got).max() <= bound


@pytest.mark.parametrize("name", ["qwen2_5_vl", "gemma3"])
def test_what_is_decoded_beside_a_response_does_not_matter(name: str):
    tiny = TinyModel(name, torch.float64)
    tasks = _tasks(_prompts(tiny))
    together = _responses(tiny, tasks, 1.0)
    alone = {}
    for task in tasks:
        alone |= _responses(tiny, [task], 1.0, LocalConfig(slots=1))
    wide = _responses(tiny, tasks[::-1], 1.0, LocalConfig())
    plain = _responses(tiny, tasks, 1.0, decoder=decode_plain)
    for other in (alone, wide, plain):
        assert {key: response.token_ids.tolist() for key, response in other.items()} == {
            key: response.token_ids.tolist() for key, response in together.items()
        }
        assert all(np.allclose(other[key].logprobs, together[key].logprobs, atol=1e-5) for key in other)


def test_attending_to_another_rows_tokens_is_noticed(monkeypatch: pytest.MonkeyPatch):
    """Rows that are let go leave the others' keys behind in the wrong places."""
    tiny = TinyModel("qwen2_5_vl", torch.float32)
    prompts = _prompts(tiny)

    def keep(tokens: cohort_cache.OwnTokens, rows: torch.Tensor) -> None:
        right(tokens, torch.arange(len(rows)))

    right = cohort_cache.OwnTokens.keep
    monkeypatch.setattr(cohort_cache.OwnTokens, "keep", keep)
    found = _responses(tiny, _tasks(prompts), 0.7)
    with pytest.raises(AssertionError):
        _agree_with_trainer(tiny, prompts, found, 1e-2)


@pytest.mark.parametrize("name", ["qwen2_5_vl", "gemma3"])
def test_a_window_one_token_too_wide_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch):
    tiny = TinyModel(name, torch.float32)
    prompts = _prompts(tiny)
    right = cohort_cache.CohortCache.attend

    def attend(*arguments, window: int | None, **named):
        return right(*arguments, window=window and window + 1, **named)

    monkeypatch.setattr(cohort_cache.CohortCache, "attend", attend)
    found = _responses(tiny, _tasks(prompts), 0.7)
    with pytest.raises(AssertionError):
        _agree_with_trainer(tiny, prompts, found, 1e-2)


@pytest.mark.parametrize("name", ["qwen2_vl", "llava_onevision", "gemma3"])
def test_a_given_beginning_is_as_if_it_had_been_sampled(name: str):
    tiny = TinyModel(name, torch.float64)
    prompts = _prompts(tiny)
    whole = _responses(tiny, _tasks(prompts), 0.0)
    guided = _tasks([with_prefix(p, whole[i, 0].token_ids[:2].tolist()) for i, p in enumerate(prompts)])
    for (request, _), response in _responses(tiny, guided, 0.0).items():
        length = min(len(whole[request, 0].token_ids) - 2, MAX_TOKENS)
        if length > 0:
            assert response.token_ids[:length].tolist() == whole[request, 0].token_ids[2:].tolist()


def test_the_model_is_as_it_was_afterwards():
    tiny = TinyModel("qwen2_5_vl", torch.float32)
    text = tiny.model.config.get_text_config()
    usual = text._attn_implementation
    tiny.policy.train()
    for step in decode(
        tiny.policy,
        _tasks(_prompts(tiny)),
        SLOTS,
        chooser=Chooser(temperature=1.0),
        stop_rule=StopRule(None, END_IDS, vocabulary_size=64),
        max_tokens=3,
    ):
        assert step is not None
        assert text._attn_implementation == COHORTS
    assert text._attn_implementation == usual
    assert tiny.policy.training
