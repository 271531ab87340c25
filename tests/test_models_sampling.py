"""What a sampler is given: a prompt run into a cache and continued token by token has the trainer's distribution."""

import pytest
import torch
from model_families import CASES, Picture, TinyModel
from transformers import DynamicCache

from synergy.models.positions import following_positions
from synergy.models.tree_attention import FLEX
from synergy.models.trees import group_tree, make_batch


@pytest.mark.parametrize("name", CASES)
def test_prefill_and_steps_have_the_trainers_distribution(name: str):
    tiny = TinyModel(name, torch.float64)
    policy = tiny.policy.eval()
    prompts = [
        tiny.prompt("one", 4, Picture(1), 9),
        tiny.prompt("two images", 3, Picture(2), 1, Picture(1), 8),
        tiny.prompt("text", 12),
    ]
    responses = torch.randint(8, 50, (3, 12), generator=torch.Generator().manual_seed(1))
    trees = [group_tree(prompt, [ids]) for prompt, ids in zip(prompts, responses, strict=True)]
    with torch.no_grad():
        want = policy(make_batch(trees), temperature=0.7).logprobs.view(3, 12)
        cache = DynamicCache(config=tiny.model.config.get_text_config())
        features = policy.encode([item for prompt in prompts for item in prompt.items])
        hidden, rows = policy.prefill(prompts, cache, features)
        mask, axes, found = rows.attention_mask, len(rows.position_ids), []
        for step in range(12):
            ids = responses[:, step]
            found.append(policy.logits(hidden, 0.7).log_softmax(1).gather(1, ids[:, None]))
            mask = torch.cat([mask, mask.new_ones(3, 1)], dim=1)
            starts = (rows.next_positions + step).tolist()
            positions = torch.stack([following_positions(start, 1, axes) for start in starts], dim=1)
            hidden = policy.language(ids[:, None], positions, attention_mask=mask, cache=cache)[:, 0]
    assert (torch.cat(found, 1) - want).abs().max() <= 1e-9


def test_visual_tokens_have_no_probability():
    tiny = TinyModel("qwen2_5_vl", torch.float32)
    logits = tiny.policy.logits(torch.randn(2, 32))
    assert torch.isneginf(logits[:, tiny.policy.banned_ids]).all()
    assert torch.isfinite(logits).sum() == 2 * (64 - len(tiny.policy.banned_ids))


@pytest.mark.parametrize("name", ["qwen2_5_vl", "gemma3"])
def test_flexible_attention_gives_the_same_forward(name: str):
    """On CPU and without compilation: its kernels were not run."""
    tiny = TinyModel(name, torch.float64)
    batch = make_batch(
        [
            group_tree(tiny.prompt("one", 4, Picture(1), 9), [torch.arange(10, 16), torch.arange(20, 23)]),
            group_tree(tiny.prompt("text", 5), [[10, 11]]),
        ]
    )
    with torch.no_grad(), torch.compiler.set_stance("force_eager"):
        segments = tiny.policy(batch).logprobs
        tiny.model.set_attn_implementation({"text_config": FLEX})
        assert torch.allclose(tiny.policy(batch).logprobs, segments, atol=1e-9)
