"""The reference is the model as it was: a copy, or the policy without its adapter where that is the same."""

from pathlib import Path

import numpy as np
import pytest
import torch

from synergy.config.model import LoraConfig, ModelConfig
from synergy.config.train import OptimizerConfig
from synergy.models.loading import LoadedModel, load_model
from synergy.models.prompt import Prompt
from synergy.pocket.world import items
from synergy.prompts import BOXED
from synergy.records import RolloutGroup
from synergy.training.copies import frozen_copy, is_initial_below_adapter
from synergy.training.demonstrations import demonstration_group
from synergy.training.optimizer import make_optimizer
from synergy.training.processes import Processes
from synergy.training.scoring import Reference, ScoreSettings, score
from synergy.training.trained_policy import TrainedPolicy

SETTINGS = ScoreSettings(temperature=0.7, max_tokens_per_tree=260, max_tokens_per_micro_batch=300)
LORA = LoraConfig(rank=2, alpha=4.0)


def _groups(loaded: LoadedModel) -> tuple[list[RolloutGroup], dict[str, Prompt]]:
    found = [
        demonstration_group(item.problem(), [item.short(), item.long()], loaded.renderer, BOXED)
        for item in items("train", 3, seed=2)
    ]
    return found, {group.problem.id: loaded.renderer.render(group.problem, BOXED) for group in found}


def _scores(groups: list[RolloutGroup], field: str) -> list[np.ndarray]:
    return [getattr(rollout, field) for group in groups for rollout in group.rollouts]


def _train_a_little(policy: TrainedPolicy) -> None:
    optimizer = make_optimizer(policy.trained, OptimizerConfig(learning_rate=0.01))
    for parameter in policy.trained.values():
        parameter.grad = torch.randn_like(parameter, generator=torch.Generator().manual_seed(1))
    optimizer.step()


@pytest.mark.parametrize("lora", [None, LORA])
def test_the_reference_stays_what_the_policy_was(lora: LoraConfig | None, untrained: Path):
    if lora is not None:
        pytest.importorskip("peft")
    loaded = load_model(ModelConfig(checkpoint=str(untrained), lora=lora))
    groups, prompts = _groups(loaded)
    assert is_initial_below_adapter(loaded) == (lora is not None)
    copy = None if lora is not None else frozen_copy(loaded)
    policy = TrainedPolicy(loaded, Processes())
    reference = Reference(policy, without_adapter=True)
    if copy is not None:
        reference = Reference(TrainedPolicy(copy, Processes()), without_adapter=False)
    before = _scores(score(policy, groups, prompts, "policy_logprobs", SETTINGS), "policy_logprobs")
    assert [len(each) for each in before] == [len(r.token_ids) for group in groups for r in group.rollouts]
    _train_a_little(policy)
    after = _scores(score(policy, groups, prompts, "policy_logprobs", SETTINGS), "policy_logprobs")
    assert max(np.abs(one - two).max() for one, two in zip(before, after, strict=True)) > 0.01
    initial = _scores(reference.score(groups, prompts, SETTINGS), "reference_logprobs")
    for one, two in zip(initial, before, strict=True):
        assert np.array_equal(one, two)


def test_a_trained_adapter_is_not_switched_off_for_the_reference(untrained: Path):
    pytest.importorskip("peft")
    loaded = load_model(ModelConfig(checkpoint=str(untrained), lora=LORA))
    with torch.no_grad():
        next(p for name, p in loaded.model.named_parameters() if ".lora_B." in name).fill_(0.1)
    assert not is_initial_below_adapter(loaded)


def test_other_weights_beside_an_adapter_are_not_switched_off(untrained: Path):
    pytest.importorskip("peft")
    loaded = load_model(ModelConfig(checkpoint=str(untrained), lora=LORA))
    next(p for name, p in loaded.model.named_parameters() if ".lora_" not in name).requires_grad_(True)
    assert not is_initial_below_adapter(loaded)


def test_scores_do_not_depend_on_how_they_are_cut_up(untrained: Path):
    loaded = load_model(ModelConfig(checkpoint=str(untrained), dtype="float64"))
    groups, prompts = _groups(loaded)
    policy = TrainedPolicy(loaded, Processes())
    large = ScoreSettings(temperature=0.7, max_tokens_per_tree=5000, max_tokens_per_micro_batch=5000)
    for one, two in zip(
        _scores(score(policy, groups, prompts, "policy_logprobs", SETTINGS), "policy_logprobs"),
        _scores(score(policy, groups, prompts, "policy_logprobs", large), "policy_logprobs"),
        strict=True,
    ):
        assert np.allclose(one, two, atol=1e-6)


@pytest.mark.parametrize("freeze", [(), ("vision", "projector")])
def test_features_are_shared_with_the_reference_only_where_nothing_trains_them(freeze, untrained: Path):
    config = ModelConfig(checkpoint=str(untrained), freeze=freeze, feature_cache_bytes=1 << 20)
    loaded = load_model(config)
    copy = frozen_copy(loaded)
    assert loaded.policy.vision is not None
    assert copy.policy.vision is not None
    assert (copy.policy.vision.cache is loaded.policy.vision.cache) == bool(freeze)
    assert not any(parameter.requires_grad for parameter in copy.policy.parameters())
