"""The three parts of a vision-language model, told apart by the names that families give their modules."""

from collections.abc import Iterable

from torch import nn
from transformers import PreTrainedModel

from synergy.config.model import Part
from synergy.errors import InputError

#: prefixes of parameter names; the first part that has one decides, so that a merger inside the tower is the projector
_PREFIXES: tuple[tuple[Part, tuple[str, ...]], ...] = (
    (
        "projector",
        (
            "model.visual.merger.",
            "model.visual.deepstack_merger_list.",
            "model.multi_modal_projector.",
            "model.connector.",
            "model.image_newline",
        ),
    ),
    ("vision", ("model.visual.", "model.vision_tower.", "model.vision_model.")),
    ("language", ("model.language_model.", "model.text_model.", "lm_head.")),
)


def part_of(name: str) -> Part:
    """The part of a parameter or module; raises InputError for a name that no known family uses."""
    for part, prefixes in _PREFIXES:
        if f"{name}.".startswith(prefixes):
            return part
    known = ", ".join(prefix.rstrip(".") for _, prefixes in _PREFIXES for prefix in prefixes)
    raise InputError(
        f"'{name}' of this model belongs to no known part; expected a name below one of: {known}; "
        "give neither 'freeze' nor 'lora' for a model of this type"
    )


def freeze(model: PreTrainedModel, parts: Iterable[Part]) -> None:
    """Stop training the parameters of these parts; a head that shares the embeddings' weights is of the language."""
    chosen = set(parts)
    if not chosen:
        return
    for name, parameter in model.named_parameters():
        if part_of(name) in chosen:
            parameter.requires_grad_(False)


def trains_images(model: PreTrainedModel) -> bool:
    """Whether any parameter that makes image features is trained."""
    outside = {id(parameter) for parameter in _language_parameters(model)}
    return any(parameter.requires_grad and id(parameter) not in outside for parameter in model.parameters())


def _language_parameters(model: PreTrainedModel) -> Iterable[nn.Parameter]:
    prefixes = dict(_PREFIXES)["language"]
    return (parameter for name, parameter in model.named_parameters() if name.startswith(prefixes))
