"""Further copies of a freshly loaded model: the reference, and what samples where the policy itself is sharded."""

from copy import deepcopy
from dataclasses import replace

from synergy.models.loading import LoadedModel
from synergy.models.parts import trains_images

_UP = ".lora_B."  # an adapter adds B·A·x, and B starts as zeros


def frozen_copy(loaded: LoadedModel) -> LoadedModel:
    """A model of its own with the same weights, not trained; it shares image features where nothing trains them."""
    policy = deepcopy(loaded.policy)
    if loaded.policy.vision is not None and policy.vision is not None and not trains_images(loaded.model):
        policy.vision.cache = loaded.policy.vision.cache
    policy.requires_grad_(False)
    if policy.vision is not None:
        policy.vision.trained = False
    policy.eval()
    return replace(loaded, policy=policy, model=policy.model, adapter=None)


def is_initial_below_adapter(loaded: LoadedModel) -> bool:
    """Whether the model without its adapter is, and stays, the model as it is now.

    So it is where an adapter alone is trained and adds nothing yet; asked before any checkpoint is restored.
    """
    named = dict(loaded.model.named_parameters())
    trains_adapter_alone = all(".lora_" in name for name, parameter in named.items() if parameter.requires_grad)
    adds_nothing = all(not parameter.any() for name, parameter in named.items() if _UP in name)
    return loaded.adapter is not None and trains_adapter_alone and adds_nothing
