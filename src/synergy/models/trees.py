"""Trees: a prompt and the responses to it, each prompt and each shared beginning once, packed into one row.

A token sees its ancestors and what stands before it in its own branch; its position continues from its parent's.
Knows nothing of models: attention over the row is in `tree_attention`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from synergy.errors import InputError
from synergy.models.positions import following_positions
from synergy.models.prompt import ImageItem, Prompt

TokenIds = np.ndarray | Tensor | Sequence[int]


@dataclass(frozen=True, kw_only=True, eq=False)
class Branch:
    """Tokens that continue the prompt, or an earlier branch of the same tree."""

    token_ids: Int[Tensor, " length"]
    parent: int | None = None  #: index of an earlier branch; None continues the prompt
    scored: bool = True  #: whether log-probabilities of its tokens are wanted


@dataclass(frozen=True, kw_only=True, eq=False)
class Tree:
    """A prompt with branches; a branch comes after its parent."""

    prompt: Prompt
    branches: tuple[Branch, ...]

    @property
    def num_tokens(self) -> int:
        """Tokens of the prompt and of all branches."""
        return self.prompt.num_tokens + sum(len(branch.token_ids) for branch in self.branches)

    def path(self, index: int) -> list[int]:
        """The branches from the prompt to branch `index`, itself the last."""
        found: list[int] = []
        step: int | None = index
        while step is not None:
            found.append(step)
            step = self.branches[step].parent
        return found[::-1]


def group_tree(prompt: Prompt, responses: Sequence[TokenIds]) -> Tree:
    """A tree of all responses to one prompt, each scored from its first token."""
    return Tree(prompt=prompt, branches=tuple(Branch(token_ids=_tensor(ids)) for ids in responses))


def prefix_tree(prompt: Prompt, prefix: TokenIds, continuations: Sequence[TokenIds]) -> Tree:
    """A tree whose responses share a beginning, which is scored once, as branch 0."""
    branches = [Branch(token_ids=_tensor(ids), parent=0) for ids in continuations]
    return Tree(prompt=prompt, branches=(Branch(token_ids=_tensor(prefix)), *branches))


def _tensor(ids: TokenIds) -> Int[Tensor, " length"]:
    return torch.as_tensor(ids, dtype=torch.int64)


def split_tree(tree: Tree, max_tokens: int) -> list[Tree]:
    """Trees of at most `max_tokens` tokens each, that score every scored branch once and in the same order.

    A branch whose parent went to an earlier tree brings an unscored copy of its ancestors along. Raises InputError
    where one response with its prompt is longer than `max_tokens`.
    """
    if tree.num_tokens <= max_tokens:
        return [tree]
    parts: list[Tree] = []
    part = _Part(tree)
    for index in range(len(tree.branches)):
        if part.num_tokens_with(index) > max_tokens and part.branches:
            parts.append(part.tree())
            part = _Part(tree)
        if part.num_tokens_with(index) > max_tokens:
            raise InputError(
                f"problem '{tree.prompt.problem_id}': prompt and response have {part.num_tokens_with(index)} tokens; "
                f"expected at most max_tokens_per_tree = {max_tokens}: raise it or shorten the responses"
            )
        part.add(index)
    return [*parts, part.tree()]


class _Part:
    """One of the trees that a tree is split into, while it grows."""

    def __init__(self, tree: Tree) -> None:
        self.whole = tree
        self.branches: list[Branch] = []
        self.places: dict[int, int] = {}  # of a branch of the whole tree among `branches`
        self.num_tokens = tree.prompt.num_tokens

    def num_tokens_with(self, index: int) -> int:
        """Tokens after `add(index)`."""
        new = [step for step in self.whole.path(index) if step not in self.places]
        return self.num_tokens + sum(len(self.whole.branches[step].token_ids) for step in new)

    def add(self, index: int) -> None:
        """Add a branch, and unscored copies of those of its ancestors that are not here."""
        self.num_tokens = self.num_tokens_with(index)
        for step in self.whole.path(index):
            if step in self.places:
                continue
            branch = self.whole.branches[step]
            parent = None if branch.parent is None else self.places[branch.parent]
            self.places[step] = len(self.branches)
            scored = branch.scored and step == index
            self.branches.append(Branch(token_ids=branch.token_ids, parent=parent, scored=scored))

    def tree(self) -> Tree:
        """What has been gathered."""
        return Tree(prompt=self.whole.prompt, branches=tuple(self.branches))


def micro_batches(trees: Sequence[Tree], max_tokens: int) -> list[list[int]]:
    """Indices of trees in batches of at most `max_tokens` tokens, in order; a larger tree is a batch of its own."""
    batches: list[list[int]] = []
    free = 0
    for index, tree in enumerate(trees):
        if not batches or tree.num_tokens > free:
            batches.append([])
            free = max_tokens
        batches[-1].append(index)
        free -= tree.num_tokens
    return batches


@dataclass(frozen=True, kw_only=True)
class Node:
    """A prompt or branch in the packed row, with its only child where it has one; without tokens it is no node."""

    start: int  #: its first slot in the row
    length: int  #: tokens, at least one
    depth: int  #: tokens before it on its own path: the index of its first token in an ordinary sequence
    ancestors: tuple[int, ...]  #: nodes before it on its path, the prompt first


@dataclass(frozen=True, kw_only=True, eq=False)
class TreeBatch:
    """Many trees in one row; scored tokens are in the order trees → branches → tokens."""

    trees: tuple[Tree, ...]
    nodes: tuple[Node, ...]  #: in the order of the row, which they fill
    input_ids: Int[Tensor, " length"]
    position_ids: Int[Tensor, "axes length"]
    image_blocks: Int[Tensor, " length"]  #: as in `Prompt`, numbered through the row
    predictors: Int[Tensor, " tokens"]  #: the slot whose hidden state predicts the scored token
    targets: Int[Tensor, " tokens"]  #: the scored tokens' ids
    branch_lengths: tuple[int, ...]  #: scored tokens of each scored branch, in order

    @cached_property
    def items(self) -> tuple[ImageItem, ...]:
        """Images in the order of their placeholders, repeated where trees share them."""
        return tuple(item for tree in self.trees for item in tree.prompt.items)

    @property
    def num_scored(self) -> int:
        """Scored tokens."""
        return len(self.targets)


def make_batch(trees: Sequence[Tree]) -> TreeBatch:
    """Pack at least one tree into one row, without padding."""
    rows = [_TreeRow(tree) for tree in trees]
    nodes: list[Node] = []
    predictors, start, block = [], 0, 0
    blocks: list[Tensor] = []
    for row in rows:
        first = len(nodes)
        nodes += [
            Node(
                start=start + node.start,
                length=node.length,
                depth=node.depth,
                ancestors=tuple(first + index for index in node.ancestors),
            )
            for node in row.nodes
        ]
        predictors.append(row.predictors + start)
        blocks.append(torch.where(row.image_blocks >= 0, row.image_blocks + block, -1))
        block += int(row.image_blocks.max()) + 1
        start += len(row.image_blocks)
    return TreeBatch(
        trees=tuple(trees),
        nodes=tuple(nodes),
        input_ids=torch.cat([row.input_ids for row in rows]),
        position_ids=torch.cat([row.position_ids for row in rows], dim=1),
        image_blocks=torch.cat(blocks),
        predictors=torch.cat(predictors),
        targets=torch.cat([row.targets for row in rows]),
        branch_lengths=tuple(length for row in rows for length in row.branch_lengths),
    )


class _TreeRow:
    """One tree's part of the row, slots counted from its own start."""

    def __init__(self, tree: Tree) -> None:
        prompt, axes = tree.prompt, len(tree.prompt.position_ids)
        nodes = [Node(start=0, length=prompt.num_tokens, depth=0, ancestors=())]
        node_of: dict[int | None, int] = {None: 0}  # the node of a branch, or of its nearest ancestor with tokens
        ids, positions = [prompt.token_ids], [prompt.position_ids]
        predictors, targets, lengths = [_EMPTY], [_EMPTY], []
        start = prompt.num_tokens
        for index, branch in enumerate(tree.branches):
            length, above = len(branch.token_ids), node_of[branch.parent]
            parent = nodes[above]
            node_of[index] = len(nodes) if length else above
            if branch.scored:
                lengths.append(length)
            if not length:
                continue
            depth = parent.depth + parent.length
            nodes.append(Node(start=start, length=length, depth=depth, ancestors=(*parent.ancestors, above)))
            ids.append(branch.token_ids)
            first_position = prompt.next_position + depth - prompt.num_tokens
            positions.append(following_positions(first_position, length, axes))
            if branch.scored:
                before = parent.start + parent.length - 1
                predictors.append(torch.cat([torch.tensor([before]), torch.arange(start, start + length - 1)]))
                targets.append(branch.token_ids)
            start += length
        self.nodes = _joined(nodes)
        self.input_ids = torch.cat(ids)
        self.position_ids = torch.cat(positions, dim=1)
        text = torch.full((start - prompt.num_tokens,), -1)
        self.image_blocks = torch.cat([prompt.image_blocks, text])
        self.predictors, self.targets, self.branch_lengths = torch.cat(predictors), torch.cat(targets), lengths


def _joined(nodes: Sequence[Node]) -> list[Node]:
    """Each only child made one with its parent where it stands right behind it, as demonstrations do: one attention."""
    num_children = Counter(node.ancestors[-1] for node in nodes if node.ancestors)
    joined: list[Node] = []
    places: list[int] = []  # of a node among `joined`
    for index, node in enumerate(nodes):
        if node.ancestors and node.ancestors[-1] == index - 1 and num_children[index - 1] == 1:
            joined[-1] = replace(joined[-1], length=joined[-1].length + node.length)
        else:
            ancestors = dict.fromkeys(places[ancestor] for ancestor in node.ancestors)
            joined.append(replace(node, ancestors=tuple(ancestors)))
        places.append(len(joined) - 1)
    return joined


_EMPTY = torch.zeros(0, dtype=torch.int64)
