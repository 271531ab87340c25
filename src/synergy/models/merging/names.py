"""One name for a tensor however its file spells it.

Files of one architecture differ by the version of transformers that wrote them: `visual.merger…` and
`model.visual.merger…`, `model.layers…` and `model.language_model.layers…` are the same weights. The canonical name is
that of the loaded model; where a family's files are spelt alike anyway, nothing depends on it.
"""

import re

_RULES = (
    (re.compile(r"^language_model\.lm_head\."), "lm_head."),
    (re.compile(r"^language_model\.model\."), "model.language_model."),
    (re.compile(r"^model\.(?=(layers|embed_tokens|norm)\.)"), "model.language_model."),
    (re.compile(r"^(?=(visual|vision_tower|vision_model|multi_modal_projector|image_newline)\b)"), "model."),
)


_LAYER = re.compile(r"^model\.(?:language_model|text_model)\.(?:model\.)?layers\.(\d+)\.")


def canonical(name: str) -> str:
    """The name of the weight in the loaded model, for the families that `synergy.models.parts` knows."""
    for pattern, replacement in _RULES:
        changed, count = pattern.subn(replacement, name, count=1)
        if count:
            return changed
    return name


def is_head(name: str) -> bool:
    """Whether a canonical name is the output layer's weight, which may be the embeddings' own."""
    return name == "lm_head.weight"


def is_embedding(name: str) -> bool:
    """Whether a canonical name is that of the language model's embeddings."""
    return name.endswith("embed_tokens.weight") and ".visual." not in name


def layer_of(name: str) -> int | None:
    """The layer of the language model that a canonical name belongs to, from 0; None outside its layers."""
    found = _LAYER.match(name)
    return int(found[1]) if found else None
