"""What is trained: parts, adapters; and what must not change a number: recomputation, kept features."""

from pathlib import Path

import pytest
import torch
from model_families import CASES, Picture, TinyModel, some_trees
from torch import Tensor

from synergy.config.model import LoraConfig, ModelConfig, Part
from synergy.errors import InputError
from synergy.models import parts
from synergy.models.loading import LoadedModel, load_model
from synergy.models.lora import adapter_off
from synergy.models.policy import Policy
from synergy.models.small_problem import dummy_tree
from synergy.models.trees import TreeBatch, group_tree, make_batch
from synergy.models.vision import VisionEncoder
from synergy.pocket.world import items
from synergy.prompts import BOXED


def _batch(loaded: LoadedModel) -> TreeBatch:
    problem = next(iter(items("train", 1, seed=1))).problem()
    responses = [loaded.renderer.response(problem.id, text) for text in ("One two.", "Or three, or four?")]
    return make_batch([group_tree(loaded.renderer.render(problem, BOXED), responses)])


def _gradients(policy: Policy, batch: TreeBatch) -> dict[str, Tensor]:
    policy.zero_grad()
    policy(batch).logprobs.sum().backward()
    return {name: p.grad.clone() for name, p in policy.model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("name", CASES)
def test_every_parameter_has_a_part(name: str):
    model = TinyModel(name, torch.float32).model
    found = {parts.part_of(key) for key, _ in model.named_parameters()}
    assert found == {"vision", "projector", "language"}
    projector = [key for key, _ in model.named_parameters() if parts.part_of(key) == "projector"]
    assert all(any(word in key for word in ("merger", "projector", "connector", "newline")) for key in projector)


@pytest.mark.parametrize("frozen", [("vision",), ("projector",), ("language",), ("vision", "projector")])
@pytest.mark.parametrize("name", ["qwen3_vl", "llava_onevision"])
def test_only_what_is_not_frozen_gets_gradients(name: str, frozen: tuple[Part, ...]):
    tiny = TinyModel(name, torch.float64)
    batch = make_batch(some_trees(tiny))
    whole = _gradients(tiny.policy, batch)
    parts.freeze(tiny.model, frozen)
    tiny.policy.vision = VisionEncoder(tiny.model, tiny.family, 0)
    some = _gradients(tiny.policy, batch)
    assert set(some) == {key for key in whole if parts.part_of(key) not in frozen}
    for key, gradient in some.items():
        assert torch.allclose(gradient, whole[key], rtol=1e-6, atol=1e-9)


def test_a_model_whose_parts_are_unknown():
    with pytest.raises(InputError, match=r"'model\.eyes\.weight' of this model belongs to no known part"):
        parts.part_of("model.eyes.weight")


def test_features_are_kept_only_where_nothing_trains_them(untrained: Path):
    frozen = ModelConfig(checkpoint=str(untrained), freeze=("vision", "projector"), feature_cache_bytes=1 << 20)
    trained = ModelConfig(checkpoint=str(untrained), freeze=("vision",), feature_cache_bytes=1 << 20)
    for config, kept in ((frozen, 1), (trained, 0)):
        loaded = load_model(config)
        batch = _batch(loaded)
        assert loaded.policy.vision is not None
        loaded.policy.vision.cache.clear()
        first, second = (_gradients(loaded.policy, batch) for _ in range(2))
        assert len(loaded.policy.vision.cache) == kept
        assert all(torch.equal(first[key], second[key]) for key in first)


@pytest.mark.parametrize("name", CASES)
def test_recomputed_activations_change_nothing(name: str):
    tiny = TinyModel(name, torch.float64)
    tiny.policy.train()
    batch = make_batch(some_trees(tiny))
    usual = _gradients(tiny.policy, batch)
    tiny.model.activation_checkpointing_enable({"use_reentrant": False})
    recomputed = _gradients(tiny.policy, batch)
    assert set(recomputed) == set(usual)
    assert all(torch.allclose(recomputed[key], usual[key], rtol=1e-9, atol=1e-12) for key in usual)


def test_recomputation_is_switched_on_by_the_config(untrained: Path):
    loaded = load_model(ModelConfig(checkpoint=str(untrained), gradient_checkpointing=True))
    assert loaded.model.is_activation_checkpointing


def test_lora_trains_the_adapters_alone(untrained: Path):
    pytest.importorskip("peft")
    plain = load_model(ModelConfig(checkpoint=str(untrained), dtype="float64"))
    lora = LoraConfig(rank=2, alpha=4.0, targets=("q_proj", "down_proj"))
    loaded = load_model(ModelConfig(checkpoint=str(untrained), dtype="float64", lora=lora))
    batch = _batch(loaded)
    assert torch.equal(loaded.policy(batch).logprobs, plain.policy(batch).logprobs)  # adapters start as nothing
    gradients = _gradients(loaded.policy, batch)
    assert gradients
    assert all(".lora_" in key and key.startswith("model.language_model.") for key in gradients)
    assert {key.split(".")[5] for key in gradients} == {"q_proj", "down_proj"}
    with torch.no_grad():
        for key, parameter in loaded.model.named_parameters():
            if ".lora_B." in key:
                parameter.normal_()
    changed = loaded.policy(batch).logprobs
    assert (changed - plain.policy(batch).logprobs).abs().max() > 0.1
    with adapter_off(loaded.model):
        assert torch.equal(loaded.policy(batch).logprobs, plain.policy(batch).logprobs)
    assert torch.equal(loaded.policy(batch).logprobs, changed)
    merged = loaded.adapter.merge_and_unload()
    assert merged is loaded.model
    assert torch.allclose(loaded.policy(batch).logprobs, changed, atol=1e-9)


def test_lora_on_all_linear_layers_of_some_parts(untrained: Path):
    pytest.importorskip("peft")
    lora = LoraConfig(rank=2, alpha=4.0, parts=("vision", "language"))
    loaded = load_model(ModelConfig(checkpoint=str(untrained), lora=lora))
    adapted = {name for name, module in loaded.model.named_modules() if hasattr(module, "lora_A")}
    assert {parts.part_of(name) for name in adapted} == {"vision", "language"}
    assert "lm_head" not in adapted
    assert not any("merger" in name for name in adapted)


def test_lora_on_layers_that_are_not_there(untrained: Path):
    pytest.importorskip("peft")
    lora = LoraConfig(rank=2, alpha=4.0, targets=("q_proj", "qqq"))
    with pytest.raises(
        InputError, match=r"no linear layer named qqq in language; expected some of: .*down_proj.*q_proj"
    ):
        load_model(ModelConfig(checkpoint=str(untrained), lora=lora))


def test_a_saved_model_knows_nothing_of_our_attention(untrained: Path, tmp_path: Path):
    load_model(ModelConfig(checkpoint=str(untrained))).model.save_pretrained(tmp_path)
    assert "synergy" not in (tmp_path / "config.json").read_text()


def test_a_batch_without_pictures_needs_no_tower():
    tiny = TinyModel("qwen2_5_vl", torch.float32)
    text = make_batch([group_tree(tiny.prompt("text", 5), [[10, 11]])])
    assert not any(parts.part_of(key) != "language" for key in _gradients(tiny.policy, text))
    dummy = group_tree(tiny.prompt("dummy", Picture(1)), [[10]])  # what a rank without images adds
    tiny.policy.zero_grad()
    scores = tiny.policy(make_batch([*text.trees, dummy])).logprobs
    (scores * torch.tensor([1.0, 1.0, 0.0])).sum().backward()
    tower = [p.grad for key, p in tiny.model.named_parameters() if parts.part_of(key) == "vision"]
    assert all(gradient is not None and not gradient.any() for gradient in tower)


def test_the_dummy_of_a_rank_without_images_reaches_the_tower(untrained: Path):
    loaded = load_model(ModelConfig(checkpoint=str(untrained)))
    batch = make_batch([dummy_tree(loaded.renderer)])
    assert batch.num_scored == 1
    assert {parts.part_of(key) for key in _gradients(loaded.policy, batch)} == {"vision", "projector", "language"}


def test_autocast_gives_float32_scores_and_gradients():
    tiny = TinyModel("qwen2_5_vl", torch.float32)
    batch = make_batch(some_trees(tiny))
    exact = tiny.policy(batch).logprobs
    with torch.autocast("cpu", torch.bfloat16):
        scores = tiny.policy(batch)
    assert scores.logprobs.dtype == torch.float32
    assert 0 < (scores.logprobs - exact).abs().max() < 0.5
    scores.logprobs.sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in tiny.policy.parameters() if p.grad is not None)
