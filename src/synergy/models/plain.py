"""The model's own forward: one row a path of the tree, padded, with whatever the processor made for it.

The way of models whose trees were not tested, and the yardstick of those that were.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from synergy.models.trees import Tree

#: processor outputs of one number a token; 0 is text in all of them
_PER_TOKEN = ("mm_token_type_ids", "token_type_ids")


@dataclass(frozen=True, kw_only=True, eq=False)
class PaddedRows:
    """One tree as rows, padded on the right, and where the hidden states stand that predict its scored tokens."""

    model_inputs: Mapping[str, Tensor]
    predictor_rows: Int[Tensor, " tokens"]
    predictor_slots: Int[Tensor, " tokens"]


def padded_rows(tree: Tree) -> PaddedRows:
    """Rows of all paths from the prompt to a branch without children; every scored token is read from one row."""
    parents = {branch.parent for branch in tree.branches}
    paths = [tree.path(index) for index in range(len(tree.branches)) if index not in parents] or [[]]
    sequences = [
        torch.cat([tree.prompt.token_ids, *(tree.branches[index].token_ids for index in path)]) for path in paths
    ]
    predictors: dict[int, tuple[int, int]] = {}  # of a branch: its row and the slot before its first token
    for row, path in enumerate(paths):
        slot = tree.prompt.num_tokens - 1
        for index in path:
            predictors.setdefault(index, (row, slot))
            slot += len(tree.branches[index].token_ids)
    rows, slots = [], []
    for index, branch in enumerate(tree.branches):
        if branch.scored:
            row, slot = predictors[index]
            rows.append(torch.full_like(branch.token_ids, row))
            slots.append(torch.arange(slot, slot + len(branch.token_ids)))
    return PaddedRows(
        model_inputs=_inputs(tree, sequences),
        predictor_rows=torch.cat(rows) if rows else torch.zeros(0, dtype=torch.int64),
        predictor_slots=torch.cat(slots) if slots else torch.zeros(0, dtype=torch.int64),
    )


def _inputs(tree: Tree, sequences: list[Int[Tensor, " _"]]) -> dict[str, Tensor]:
    pad = torch.nn.utils.rnn.pad_sequence
    input_ids = pad(sequences, batch_first=True)
    mask = pad([torch.ones_like(ids) for ids in sequences], batch_first=True)
    inputs = {"input_ids": input_ids, "attention_mask": mask}
    for name, tensor in tree.prompt.model_inputs.items():
        if name in _PER_TOKEN:
            text = tensor.new_zeros(1, input_ids.shape[1] - tensor.shape[1])
            tensor = torch.cat([tensor, text], dim=1)
        # images go along the first axis in every family: the same ones again for every row
        inputs[name] = tensor.repeat(len(sequences), *[1] * (tensor.dim() - 1))
    return inputs
