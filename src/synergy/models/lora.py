"""Low-rank adapters through PEFT, in place: the model's own classes stay what the rest of the code sees."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from torch import nn
from transformers import PreTrainedModel

from synergy.config.model import LoraConfig
from synergy.errors import InputError, MissingExtraError
from synergy.models.parts import part_of


def add_adapter(model: PreTrainedModel, config: LoraConfig) -> Any:
    """Put adapters into the model and freeze all else; returns PEFT's wrapper, which saves and merges them.

    Raises MissingExtraError without PEFT, InputError where no layer has one of the target names.
    """
    try:
        import peft
    except ImportError:
        raise MissingExtraError(
            'lora needs the package peft, which is not installed: pip install "vlm-synergy[lora]"'
        ) from None
    settings = peft.LoraConfig(
        r=config.rank,
        lora_alpha=cast(Any, config.alpha),  # declared as int, used as a factor
        lora_dropout=config.dropout,
        target_modules=target_names(model, config),
    )
    return peft.get_peft_model(model, settings)


def target_names(model: PreTrainedModel, config: LoraConfig) -> list[str]:
    """Full names of the linear layers that get adapters; the output layer is never among them."""
    head = model.get_output_embeddings()
    linear = [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and module is not head and part_of(name) in config.parts
    ]
    if config.targets is None:
        return linear
    found = [name for name in linear if name.rpartition(".")[2] in config.targets]
    missing = set(config.targets) - {name.rpartition(".")[2] for name in found}
    if missing:
        known = ", ".join(sorted({name.rpartition(".")[2] for name in linear}))
        raise InputError(
            f"lora.targets: no linear layer named {', '.join(sorted(missing))} in {', '.join(config.parts)}; "
            f"expected some of: {known}"
        )
    return found


@contextmanager
def adapter_off(model: nn.Module) -> Iterator[None]:
    """The model as it was before its adapter: the reference of a run that trains the adapter alone."""
    layers: list[Any] = [module for module in model.modules() if hasattr(module, "lora_A")]
    for layer in layers:
        layer.enable_adapters(False)
    try:
        yield
    finally:
        for layer in layers:
            layer.enable_adapters(True)
