"""Log-probabilities in chunks: equal to the plain formula with its gradient, and small in memory."""

import math

import pytest
import torch
from torch import Tensor

from synergy.models.logprobs import Head, TokenScores, token_scores

TOKENS, WIDTH, VOCABULARY, BANNED = 13, 8, 50, (7, 40)


def _inputs(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    random = torch.Generator().manual_seed(0)
    hidden = torch.randn(TOKENS, WIDTH, generator=random, dtype=dtype, requires_grad=True)
    weight = torch.randn(VOCABULARY, WIDTH, generator=random, dtype=dtype, requires_grad=True)
    bias = torch.randn(VOCABULARY, generator=random, dtype=dtype, requires_grad=True)
    return hidden, weight, bias, torch.arange(8, 8 + TOKENS)


def _head(weight: Tensor, bias: Tensor | None, chunk_tokens: int) -> Head:
    size = VOCABULARY * torch.promote_types(weight.dtype, torch.float32).itemsize
    banned = torch.tensor(BANNED)
    return Head(weight=weight, bias=bias, banned=banned, dtype=weight.dtype, logits_bytes=chunk_tokens * size)


def _naive(hidden: Tensor, weight: Tensor, bias: Tensor | None, targets: Tensor, temperature: float) -> TokenScores:
    logits = hidden @ weight.T + (0 if bias is None else bias)
    allowed = [index for index in range(VOCABULARY) if index not in BANNED]
    logprobs = (logits[:, allowed] / temperature).log_softmax(1)
    place = torch.tensor([allowed.index(int(target)) for target in targets])
    return TokenScores(logprobs.gather(1, place[:, None])[:, 0], -(logprobs.exp() * logprobs).sum(1))


@pytest.mark.parametrize("chunk_tokens", [1, 4, 13, 100])
@pytest.mark.parametrize("temperature", [1.0, 0.7])
@pytest.mark.parametrize("with_bias", [True, False])
def test_chunks_equal_the_plain_formula(chunk_tokens: int, temperature: float, with_bias: bool):
    found = []
    for chunked in (True, False):
        hidden, weight, bias, targets = _inputs()
        some_bias = bias if with_bias else None
        if chunked:
            head = _head(weight, some_bias, chunk_tokens)
            scores = token_scores(hidden, head, targets, temperature=temperature, entropy=True, top_k=3)
        else:
            scores = _naive(hidden, weight, some_bias, targets, temperature)
        assert scores.entropy is not None
        uneven = torch.linspace(-1, 2, TOKENS, dtype=hidden.dtype)
        (scores.logprobs * uneven + scores.entropy * uneven.flip(0)).sum().backward()
        gradients = [tensor.grad for tensor in (hidden, weight, *([bias] if with_bias else []))]
        found.append([scores.logprobs.detach(), scores.entropy.detach(), *gradients])
    for got, want in zip(*found, strict=True):
        assert torch.allclose(got, want, rtol=1e-12, atol=1e-12)


def test_the_likeliest_tokens():
    hidden, weight, bias, targets = _inputs()
    scores = token_scores(hidden, _head(weight, bias, 4), targets, top_k=VOCABULARY)
    assert scores.top_logprobs is not None
    assert scores.top_ids is not None
    assert not scores.top_logprobs.requires_grad
    assert torch.equal(scores.top_logprobs, scores.top_logprobs.sort(descending=True).values)
    assert set(scores.top_ids[0, -len(BANNED) :].tolist()) == set(BANNED)
    assert torch.allclose(scores.top_logprobs.exp().sum(1), torch.ones(TOKENS, dtype=torch.float64))


def test_two_tokens_by_hand():
    head = Head(torch.tensor([[0.0], [math.log(3)]]), None, torch.tensor([], dtype=torch.int64), torch.float32, 1 << 20)
    scores = token_scores(torch.ones(1, 1), head, torch.tensor([1]), entropy=True)
    assert scores.logprobs.item() == pytest.approx(math.log(0.75))
    assert scores.entropy is not None
    assert scores.entropy.item() == pytest.approx(-0.75 * math.log(0.75) - 0.25 * math.log(0.25))


def test_nothing_of_the_size_of_all_logits_is_kept():
    hidden, weight, _, targets = _inputs(torch.float32)
    kept: list[int] = []

    def note(tensor: Tensor) -> Tensor:
        kept.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        token_scores(hidden, _head(weight, None, 4), targets, entropy=True, top_k=5)
    assert sum(kept) < TOKENS * VOCABULARY + weight.numel()
    assert max(kept) == weight.numel()


def test_logits_are_made_chunk_by_chunk(monkeypatch: pytest.MonkeyPatch):
    hidden, weight, _, targets = _inputs(torch.float32)
    sizes: list[int] = []
    make = Head.logits

    def noted(head: Head, hidden: Tensor, temperature: float) -> Tensor:
        logits = make(head, hidden, temperature)
        sizes.append(len(logits))
        return logits

    monkeypatch.setattr(Head, "logits", noted)
    token_scores(hidden, _head(weight, None, 4), targets).logprobs.sum().backward()
    assert sizes == [4, 4, 4, 1] * 2  # forward, and again backward
    sizes.clear()
    token_scores(hidden, _head(weight, None, 100), targets).logprobs.sum().backward()
    assert sizes == [TOKENS]  # what fits in one chunk is not made twice


def test_low_precision_weights_give_float32_scores():
    hidden, weight, _, targets = _inputs(torch.bfloat16)
    scores = token_scores(hidden, _head(weight, None, 4), targets)
    assert scores.logprobs.dtype == torch.float32
    scores.logprobs.sum().backward()
    assert weight.grad is not None
    assert weight.grad.dtype == torch.bfloat16


def test_no_tokens():
    hidden, weight, _, targets = _inputs()
    scores = token_scores(hidden[:0], _head(weight, None, 4), targets[:0], entropy=True)
    scores.logprobs.sum().backward()
    assert scores.logprobs.shape == (0,)
    assert weight.grad is not None
    assert not weight.grad.any()
