"""The policy's weights under the names of its checkpoint, adapters merged: what another engine loads."""

from collections.abc import Iterator
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel


def weight_name(name: str) -> str | None:
    """A parameter's name in the checkpoint; None for what no checkpoint has, such as an adapter's factors.

    Wrappers of activation checkpointing and compilation, and PEFT's layer around an adapted one, are taken out.
    """
    parts = [part for part in name.split(".") if part not in ("_checkpoint_wrapped_module", "_orig_mod", "base_layer")]
    return None if any(part.startswith("lora_") for part in parts) else ".".join(parts)


def named_weights(model: PreTrainedModel) -> Iterator[tuple[str, Tensor]]:
    """Every weight once (tied ones under their first name), detached; an adapted layer with its adapter added.

    One after the other, so that at most one merged copy exists at a time.
    """
    modules = dict(model.named_modules())
    for name, parameter in model.named_parameters():
        given = weight_name(name)
        if given is None:
            continue
        weight = _whole(parameter.detach())
        path, is_adapted, kind = name.rpartition(".base_layer.")
        if is_adapted and kind == "weight":
            weight = _merged(modules[path], weight)
        yield given, weight


def weight_shapes(model: PreTrainedModel) -> list[tuple[str, torch.dtype, tuple[int, ...]]]:
    """Name, type and shape of what `named_weights` gives, in its order, without gathering or merging anything."""
    found = ((weight_name(name), parameter) for name, parameter in model.named_parameters())
    return [(name, parameter.dtype, tuple(parameter.shape)) for name, parameter in found if name is not None]


def _whole(tensor: Tensor) -> Tensor:
    """All of a sharded tensor, gathered by all processes; others as they are."""
    gather = getattr(tensor, "full_tensor", None)
    return gather() if callable(gather) else tensor


def _merged(layer: nn.Module, weight: Tensor) -> Tensor:
    """The weight with the product of each active adapter added."""
    adapted = cast(Any, layer)  # PEFT's layers are not typed
    with torch.no_grad():
        for adapter in adapted.active_adapters:
            weight = weight + _whole(adapted.get_delta_weight(adapter)).to(weight.dtype)
    return weight
