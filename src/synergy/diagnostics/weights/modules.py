"""Which module a weight belongs to, by its name: what tables of weights are grouped by."""

from synergy.errors import InputError
from synergy.models.merging.names import is_embedding, is_head, layer_of
from synergy.models.parts import part_of

OTHER = "other"


def module_of(name: str) -> str:
    """Of a canonical name: embeddings, head, norm, a matrix of the language model (q_proj …), vision or projector."""
    if is_embedding(name):
        return "embeddings"
    if is_head(name):
        return "head"
    try:
        part = part_of(name)
    except InputError:
        return OTHER
    if part != "language":
        return part
    owner = name.rpartition(".")[0].rpartition(".")[2]
    return "norm" if "norm" in owner else owner


def places_of(name: str) -> tuple[str, ...]:
    """All groups that a weight is counted in: everything, its module, its layer."""
    layer = layer_of(name)
    return ("all", module_of(name), *([] if layer is None else [f"layer {layer}"]))
