"""Trees against the model's own padded forward, for every family and for the pocket's checkpoint.

Bounds: log-probabilities 1e-9 and gradients 1e-6 (relative, all parameters together) in float64, 5e-5 and 1e-5 in
float32. Each test also shows that a branch which sees its sibling is far outside.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from model_families import CASES, Picture, TinyModel, some_trees
from torch import Tensor, nn
from transformers import LlavaConfig, LlavaForConditionalGeneration

from synergy.config.model import ModelConfig
from synergy.models.loading import load_model
from synergy.models.policy import Policy
from synergy.models.rendering import make_prompt
from synergy.models.trees import Tree, TreeBatch, group_tree, make_batch, prefix_tree
from synergy.pocket.world import items
from synergy.prompts import BOXED

BOUNDS = {torch.float64: (1e-9, 1e-6), torch.float32: (5e-5, 1e-5)}


def own_forward(policy: Policy, trees: Sequence[Tree]) -> Tensor:
    """Every response a row of its own after its whole past, padded; the model's forward knows nothing of trees."""
    found = []
    usual = policy.model.config.get_text_config()._attn_implementation
    policy.model.set_attn_implementation("sdpa")
    for tree in trees:
        pasts = []
        for index in range(len(tree.branches)):
            *before, _ = tree.path(index)
            pasts.append(torch.cat([tree.prompt.token_ids, *(tree.branches[step].token_ids for step in before)]))
        rows = [torch.cat([past, branch.token_ids]) for past, branch in zip(pasts, tree.branches, strict=True)]
        length = max(len(row) for row in rows)
        inputs = {
            "input_ids": torch.stack([nn.functional.pad(row, (0, length - len(row)), value=1) for row in rows]),
            "attention_mask": torch.stack([torch.arange(length) < len(row) for row in rows]).long(),
        }
        for name, value in tree.prompt.model_inputs.items():
            if name.endswith("token_type_ids"):
                value = nn.functional.pad(value, (0, length - value.shape[1]))
            value = value.to(policy.model.dtype) if value.is_floating_point() else value
            inputs[name] = torch.cat([value] * len(rows))
        logits = policy.model(**inputs, use_cache=False).logits
        logits[..., policy.banned_ids] = -torch.inf
        logprobs = logits.log_softmax(-1)
        for row, (past, branch) in enumerate(zip(pasts, tree.branches, strict=True)):
            slots = torch.arange(len(past) - 1, len(past) - 1 + len(branch.token_ids))
            found.append(logprobs[row, slots, branch.token_ids])
    policy.model.set_attn_implementation({"text_config": usual})
    return torch.cat(found)


def _with_gradients(policy: Policy, logprobs: Tensor) -> tuple[Tensor, Tensor]:
    """Log-probabilities, and the gradient of an uneven sum of them over all parameters."""
    policy.zero_grad()
    (logprobs * torch.linspace(-1, 1, len(logprobs), dtype=logprobs.dtype)).sum().backward()
    gradients = [parameter.grad.flatten() for parameter in policy.parameters() if parameter.grad is not None]
    return logprobs.detach(), torch.cat(gradients)


def _agree(policy: Policy, trees: Sequence[Tree], expected: Sequence[Tree] | None = None) -> None:
    """Log-probabilities and gradients of `trees` as packed, and of `expected` (the same ones) by the own forward."""
    bound, gradient_bound = BOUNDS[policy.model.dtype]
    want, want_gradient = _with_gradients(policy, own_forward(policy, expected or trees))
    got, gradient = _with_gradients(policy, policy(make_batch(trees)).logprobs)
    assert (got - want).abs().max() <= bound
    assert (gradient - want_gradient).norm() <= gradient_bound * want_gradient.norm()


def leaking(batch: TreeBatch) -> TreeBatch:
    """The batch with the second branch of its first tree seeing the first branch."""
    first, second = batch.nodes[1], batch.nodes[2]
    assert first.ancestors == second.ancestors == (0,)
    seeing = replace(second, ancestors=(0, 1), depth=first.depth + first.length)
    return replace(batch, nodes=(*batch.nodes[:2], seeing, *batch.nodes[3:]))


@pytest.mark.parametrize("dtype", BOUNDS, ids=["float64", "float32"])
@pytest.mark.parametrize("name", CASES)
def test_trees_agree_with_the_models_own_forward(name: str, dtype: torch.dtype):
    tiny = TinyModel(name, dtype)
    _agree(tiny.policy, some_trees(tiny))


@pytest.mark.parametrize("name", CASES)
def test_a_mask_that_leaks_does_not_agree(name: str):
    tiny = TinyModel(name, torch.float64)
    batch = make_batch(some_trees(tiny))
    with torch.no_grad():
        right, wrong = tiny.policy(batch).logprobs, tiny.policy(leaking(batch)).logprobs
    start, end = batch.branch_lengths[0], sum(batch.branch_lengths[:2])
    assert (right - wrong)[start:end].abs().max() > 1e-3
    assert torch.equal(right[:start], wrong[:start])
    assert torch.equal(right[end:], wrong[end:])


@pytest.mark.parametrize("name", CASES)
def test_the_padded_path_agrees_too(name: str):
    tiny = TinyModel(name, torch.float64)
    tiny.policy.path = "plain"
    _agree(tiny.policy, some_trees(tiny))


@pytest.mark.parametrize("name", CASES)
def test_the_same_picture_twice_in_one_prompt(name: str):
    tiny = TinyModel(name, torch.float64)
    prompt = tiny.prompt("twice", 2, Picture(1), 2, Picture(1), 3)
    _agree(tiny.policy, [group_tree(prompt, [torch.arange(10, 14), torch.arange(20, 23)])])


@pytest.mark.parametrize("name", CASES)
def test_the_tower_runs_once_for_each_distinct_picture(name: str, monkeypatch: pytest.MonkeyPatch):
    tiny = TinyModel(name, torch.float32)
    seen = []
    encode = tiny.model.get_image_features

    def counted(pixel_values: Tensor, **inputs: Tensor):
        seen.append(pixel_values.numel())
        return encode(pixel_values, **inputs)

    one = tiny.prompt("one", 4, Picture(2), 9)
    again = tiny.prompt("one again", Picture(2), 5)
    response = torch.arange(10, 14)
    monkeypatch.setattr(tiny.model, "get_image_features", counted)
    tiny.policy(make_batch([group_tree(one, [response] * 4), group_tree(again, [response] * 4)]))
    assert sum(seen) == sum(item.inputs["pixel_values"].numel() for item in one.items)


def test_a_family_that_nobody_tested_as_trees():
    vision = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2}
    config = LlavaConfig(
        text_config={**text, "num_attention_heads": 4, "num_key_value_heads": 2},
        vision_config={**vision, "image_size": 16, "patch_size": 4, "projection_dim": 16},
        image_token_index=60,
    )
    policy = Policy(LlavaForConditionalGeneration(config).double(), family=None, banned_ids=[60], logits_bytes=1 << 14)
    assert policy.path == "plain"
    trees = []
    for pictures in (0, 1, 2):
        ids = torch.tensor([5, *[60] * (16 * pictures), 6, 7])
        inputs = {"pixel_values": torch.randn(pictures, 3, 16, 16)} if pictures else {}
        prompt = make_prompt(
            "p", ids, inputs, placeholder=60, positions=lambda ids, _: torch.arange(len(ids))[None], family=None
        )
        trees += [group_tree(prompt, [[8, 9, 10], [11]]), prefix_tree(prompt, [12, 13], [[14], [15, 16]])]
    _agree(policy, trees)


def test_the_pockets_checkpoint_agrees(untrained: Path):
    for dtype in ("float64", "float32"):
        loaded = load_model(ModelConfig(checkpoint=str(untrained), dtype=dtype))
        assert loaded.path == "tree", loaded.path_reason
        prompts = [loaded.renderer.render(item.problem(), BOXED) for item in items("train", 3, seed=1)]
        texts = ["One two three.", "Some other words, and more of them.", "No", "And 17 more."]
        responses = [loaded.renderer.response("any", text) for text in texts]
        trees = [group_tree(prompts[0], responses), prefix_tree(prompts[1], responses[1], responses)]
        _agree(loaded.policy, [*trees, group_tree(prompts[2], responses[:1])])
