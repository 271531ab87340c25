"""Trees: slots, positions and predictors by hand; splitting keeps order; who sees whom."""

from dataclasses import replace
from random import Random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.attention.flex_attention import flex_attention

from synergy.errors import InputError
from synergy.models.byte_cache import ByteCache
from synergy.models.masks import RowLayout
from synergy.models.prompt import Prompt
from synergy.models.tree_attention import segment_attention
from synergy.models.trees import Branch, Tree, TreeBatch, group_tree, make_batch, micro_batches, prefix_tree, split_tree

CPU = torch.device("cpu")


def _prompt(length: int, jump: int = 0, blocks: tuple[int, ...] = ()) -> Prompt:
    """A prompt of tokens 100, 101 …, whose last position is `jump` beyond its last index."""
    positions = torch.arange(length).expand(3, -1).clone()
    positions[:, -1] += jump
    image_blocks = torch.tensor(blocks) if blocks else torch.full((length,), -1)
    return Prompt(
        problem_id="p",
        token_ids=torch.arange(100, 100 + length),
        position_ids=positions,
        image_blocks=image_blocks,
        items=(),
        model_inputs={},
    )


def test_a_group_by_hand():
    batch = make_batch([group_tree(_prompt(3, jump=4), [[1, 2], [3]]), group_tree(_prompt(2), [[4]])])
    assert batch.input_ids.tolist() == [100, 101, 102, 1, 2, 3, 100, 101, 4]
    assert batch.position_ids[1].tolist() == [0, 1, 6, 7, 8, 7, 0, 1, 2]
    assert batch.targets.tolist() == [1, 2, 3, 4]
    assert batch.predictors.tolist() == [2, 3, 2, 7]
    assert batch.branch_lengths == (2, 1, 1)


def test_a_shared_beginning_is_scored_once():
    batch = make_batch([prefix_tree(_prompt(2), [1, 2], [[3], [4, 5]])])
    assert batch.input_ids.tolist() == [100, 101, 1, 2, 3, 4, 5]
    assert batch.position_ids[0].tolist() == [0, 1, 2, 3, 4, 4, 5]
    assert batch.targets.tolist() == [1, 2, 3, 4, 5]
    assert batch.predictors.tolist() == [1, 2, 3, 3, 5]
    assert _nodes(batch) == [(0, 4, 0, ()), (4, 1, 4, (0,)), (5, 2, 4, (0,))]  # the beginning is one with the prompt


def test_an_only_child_is_one_with_its_parent_where_it_follows_at_once():
    assert _nodes(make_batch([group_tree(_prompt(3), [[1, 2]])] * 2)) == [(0, 5, 0, ()), (5, 5, 0, ())]
    branches = [
        Branch(token_ids=torch.tensor(ids), parent=parent) for ids, parent in (([1], None), ([2], None), ([3], 0))
    ]
    tree = Tree(prompt=_prompt(2), branches=tuple(branches))  # the third's parent is not right before it
    assert _nodes(make_batch([tree])) == [(0, 2, 0, ()), (2, 1, 2, (0,)), (3, 1, 2, (0,)), (4, 1, 3, (0, 1))]
    tree = Tree(prompt=_prompt(2), branches=(branches[0], branches[2], branches[1]))
    assert _nodes(make_batch([tree])) == [(0, 2, 0, ()), (2, 2, 2, (0,)), (4, 1, 2, (0,))]


def _nodes(batch: TreeBatch) -> list[tuple[int, int, int, tuple[int, ...]]]:
    return [(node.start, node.length, node.depth, node.ancestors) for node in batch.nodes]


def test_a_branch_without_tokens_takes_no_place():
    tree = prefix_tree(_prompt(2), [], [[3], []])
    batch = make_batch([tree])
    assert batch.input_ids.tolist() == [100, 101, 3]
    assert batch.predictors.tolist() == [1]
    assert batch.branch_lengths == (0, 1, 0)


def _seen(batch, window: int | None, *, open_images: bool = False) -> torch.Tensor:
    """[queries, keys] of the rule for pairs."""
    rule = RowLayout(batch, open_images=open_images, device=CPU).pair_rule(window)
    slots = torch.arange(len(batch.input_ids))
    return rule(slots, slots, slots[:, None], slots[None])


def test_who_sees_whom():
    batch = make_batch([prefix_tree(_prompt(2), [1], [[2, 3], [4]]), group_tree(_prompt(1), [[5]])])
    seen = {query: set(row.nonzero().flatten().tolist()) for query, row in enumerate(_seen(batch, None))}
    assert seen == {
        0: {0},
        1: {0, 1},
        2: {0, 1, 2},
        3: {0, 1, 2, 3},
        4: {0, 1, 2, 3, 4},
        5: {0, 1, 2, 5},
        6: {6},
        7: {6, 7},
    }


def test_a_window_counts_places_on_the_own_path():
    batch = make_batch([group_tree(_prompt(4, jump=9), [[1, 2], [3]])])
    seen = _seen(batch, 3)
    assert seen[6].nonzero().flatten().tolist() == [2, 3, 6]  # the second branch, two slots behind the first


def test_image_tokens_that_see_each_other():
    batch = make_batch([group_tree(_prompt(5, blocks=(-1, 0, 0, -1, 1)), [[1]])] * 2)
    seen = _seen(batch, None, open_images=True)
    assert seen[1].nonzero().flatten().tolist() == [0, 1, 2]
    assert seen[7].nonzero().flatten().tolist() == [6, 7, 8]  # the second tree's picture is another one


@pytest.mark.parametrize("window", [None, 2, 5])
@pytest.mark.parametrize("open_images", [False, True])
def test_segments_and_block_masks_follow_the_same_rule(window: int | None, open_images: bool):
    blocks = (-1, 0, 0, 0, -1, 1, 1)
    trees = [prefix_tree(_prompt(7, blocks=blocks), [1, 2], [[3, 4, 5], [6]]), group_tree(_prompt(3), [[7, 8], [9]])]
    batch = make_batch(trees)
    length = len(batch.input_ids)
    layout = RowLayout(batch, open_images=open_images, device=CPU)
    query, key, value = torch.randn(3, 1, 2, length, 4, generator=torch.Generator().manual_seed(0))
    mask = _seen(batch, window, open_images=open_images)
    want = torch.nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    got, _ = segment_attention(torch.nn.Identity(), query, key, value, None, row_layout=layout, sliding_window=window)
    assert torch.allclose(got.transpose(1, 2), want, atol=1e-6)
    flexible = flex_attention(query, key, value, block_mask=layout.block_mask(window))
    assert isinstance(flexible, torch.Tensor)
    assert torch.allclose(flexible, want, atol=1e-6)


@given(st.integers(0, 10_000), st.integers(8, 30))
def test_splitting_scores_every_branch_once_and_in_order(seed: int, max_tokens: int):
    rng = Random(seed)
    branches: list[Branch] = []
    for index in range(rng.randint(1, 8)):
        parent = rng.choice([None, *range(index)])
        depth = len(Tree(prompt=_prompt(1), branches=tuple(branches)).path(parent)) if parent is not None else 0
        ids = torch.full((1 if depth > 2 else rng.randint(1, 2),), index)
        branches.append(Branch(token_ids=ids, parent=parent if depth < 3 else None))
    tree = Tree(prompt=_prompt(2), branches=tuple(branches))
    parts = split_tree(tree, max_tokens)
    assert all(part.num_tokens <= max_tokens for part in parts)
    assert torch.equal(make_batch(parts).targets, make_batch([tree]).targets)
    for part in parts:
        for index, branch in enumerate(part.branches):
            whole = int(branch.token_ids[0])
            path = [int(part.branches[step].token_ids[0]) for step in part.path(index)]
            assert path == tree.path(whole)


def test_a_response_too_long_for_any_tree():
    tree = group_tree(replace(_prompt(3), problem_id="long one"), [[1] * 10])
    with pytest.raises(
        InputError, match=r"'long one': prompt and response have 13 tokens; .* max_tokens_per_tree = 12"
    ):
        split_tree(tree, 12)


def test_micro_batches_are_full_and_in_order():
    trees = [group_tree(_prompt(length), []) for length in (4, 4, 3, 9, 1, 1)]
    assert micro_batches(trees, 8) == [[0, 1], [2], [3], [4, 5]]


def test_the_cache_forgets_what_was_not_asked_for_longest():
    cache = ByteCache[str](10)
    for key in "abc":
        cache.put(key, key.upper(), 4)
    assert (cache.get("a"), cache.get("b"), cache.get("c"), cache.num_bytes) == (None, "B", "C", 8)
    cache.get("b")
    cache.put("d", "D", 4)
    assert (cache.get("b"), cache.get("c")) == ("B", None)
    cache.put("larger than everything", "", 11)
    assert len(cache) == 2
