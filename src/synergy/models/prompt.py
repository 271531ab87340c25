"""A problem as a model reads it: token ids, positions and processed images; made by `rendering`.

Tensors are on the CPU; what runs the model moves them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Int
from torch import Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class ImageItem:
    """What the vision tower encodes as one unit: an image, or a tile of one where the family cuts images up."""

    key: str  #: a digest of `inputs`: equal items have equal features
    inputs: Mapping[str, Tensor]  #: what the model's `get_image_features` takes, the leading axis being of this item


@dataclass(frozen=True, kw_only=True, eq=False)
class Prompt:
    """A chat up to where the model's answer begins."""

    problem_id: str
    token_ids: Int[Tensor, " length"]  #: image placeholders expanded
    position_ids: Int[
        Tensor, "axes length"
    ]  #: one axis, or three (time, row, column) where the model's rotary has them
    image_blocks: Int[Tensor, " length"]  #: the number of the unbroken run of placeholders, -1 on text
    items: tuple[ImageItem, ...]  #: in the order of their placeholders; empty for a family that is not known
    model_inputs: Mapping[str, Tensor]  #: whatever else the processor made for the model's own forward

    @property
    def num_tokens(self) -> int:
        """Tokens, placeholders included."""
        return len(self.token_ids)

    @property
    def next_position(self) -> int:
        """The position, on every axis, of the first token after the prompt."""
        return int(self.position_ids.max()) + 1

    @property
    def num_bytes(self) -> int:
        """Memory of all tensors."""
        tensors = (self.token_ids, self.position_ids, self.image_blocks, *self.model_inputs.values())
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """A problem that was not rendered because it is too large, and the config says to drop such."""

    problem_id: str
    reason: str
