"""Which tokens of a packed row see which: one rule, written per node for segments and per pair for block masks.

A token sees its ancestors and what stands before it in its own branch. In a layer with a sliding window it sees
those fewer than `window` places before it *on its own path*, which is neither the slot in the row nor the rotary
position (that counts an image by its longer side). Where a family lets image tokens see each other, an unbroken run
of placeholders is open to itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import no_type_check

import torch
from jaxtyping import Bool, Int
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask, create_block_mask

from synergy.models.trees import Node, TreeBatch

PairRule = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True, kw_only=True)
class Segment:
    """What one node attends to."""

    keys: tuple[tuple[int, int], ...]  #: nodes in path order, itself the last, each with how many tokens to leave out
    mask: Bool[Tensor, "queries keys"] | None  #: None where the node is all there is and plainly causal


class RowLayout:
    """The visibility of one packed row."""

    def __init__(self, batch: TreeBatch, *, open_images: bool, device: torch.device) -> None:
        self.nodes = batch.nodes
        self.blocks = batch.image_blocks if open_images else torch.full_like(batch.image_blocks, -1)
        self.lengths = [node.length for node in batch.nodes]
        self.device = device
        self._block_masks: dict[int | None, BlockMask] = {}
        self._segments: dict[int | None, list[Segment]] = {}
        self._causal_masks: dict[int | None, Bool[Tensor, "queries keys"]] = {}

    def segments(self, window: int | None) -> list[Segment]:
        """For each node, in layers with that window (None for none)."""
        if window not in self._segments:
            self._segments[window] = [self._segment(index, window) for index in range(len(self.nodes))]
        return self._segments[window]

    def _segment(self, index: int, window: int | None) -> Segment:
        node = self.nodes[index]
        first = 0 if window is None else max(0, node.depth - window + 1)  # the farthest that its first token sees
        keys = []
        for other in (*node.ancestors, index):
            skipped = max(0, first - self.nodes[other].depth)
            if skipped < self.nodes[other].length:
                keys.append((other, skipped))
        return Segment(keys=tuple(keys), mask=self._mask(node, node.depth - first, window))

    def _mask(self, node: Node, context: int, window: int | None) -> Bool[Tensor, "queries keys"] | None:
        """Of a node that sees `context` tokens before it."""
        blocks = self.blocks[node.start : node.start + node.length]
        open_images = bool((blocks >= 0).any())
        if not context and not open_images and (window is None or window >= node.length):
            return None
        mask = self._causal_mask(window)[: node.length, self._longest_context - context :][:, : context + node.length]
        if not open_images:
            return mask
        assert not context, "images stand in prompts, which have no ancestors"
        mask = mask.cpu() | (blocks[:, None] == blocks[None]) & (blocks[None] >= 0)
        if window is not None:
            mask &= torch.arange(node.length)[None] > torch.arange(node.length)[:, None] - window
        return mask.to(self.device)

    @cached_property
    def _longest_context(self) -> int:
        return max(node.depth for node in self.nodes)

    def _causal_mask(self, window: int | None) -> Bool[Tensor, "queries keys"]:
        """For the longest node and context; any other's is a slice of it, as only differences of places matter."""
        if window not in self._causal_masks:
            queries = torch.arange(max(self.lengths), device=self.device)[:, None]
            keys = torch.arange(-self._longest_context, max(self.lengths), device=self.device)[None]
            mask = keys <= queries
            self._causal_masks[window] = mask if window is None else mask & (keys > queries - window)
        return self._causal_masks[window]

    def pair_rule(self, window: int | None) -> PairRule:
        """The same as a function of (batch, head, query slot, key slot), as FlexAttention's `mask_mod` wants it."""
        node_of, depth, related = self._node_of, self._depth, self._related
        blocks = self.blocks.to(self.device)

        @no_type_check  # FlexAttention counts this function's own arguments, so that no checker may wrap it
        def visible(batch: Tensor, head: Tensor, query: Tensor, key: Tensor) -> Tensor:
            before = depth[key] <= depth[query]
            open_block = (blocks[key] == blocks[query]) & (blocks[key] >= 0)
            seen = related[node_of[query], node_of[key]] & (before | open_block)
            return seen if window is None else seen & (depth[key] > depth[query] - window)

        return visible

    def block_mask(self, window: int | None) -> BlockMask:
        """The rule as FlexAttention's block mask, over all heads."""
        if window not in self._block_masks:
            length = sum(self.lengths)
            self._block_masks[window] = create_block_mask(
                self.pair_rule(window), None, None, length, length, device=self.device
            )
        return self._block_masks[window]

    @cached_property
    def _node_of(self) -> Int[Tensor, " length"]:
        lengths = torch.tensor(self.lengths)
        return torch.repeat_interleave(torch.arange(len(lengths)), lengths).to(self.device)

    @cached_property
    def _depth(self) -> Int[Tensor, " length"]:
        depths = [torch.arange(node.depth, node.depth + node.length) for node in self.nodes]
        return torch.cat(depths).to(self.device)

    @cached_property
    def _related(self) -> Bool[Tensor, "nodes nodes"]:
        """Row: a node; True at itself and its ancestors."""
        related = torch.eye(len(self.nodes), dtype=torch.bool)
        for index, node in enumerate(self.nodes):
            related[index, list(node.ancestors)] = True
        return related.to(self.device)
