"""How a process's share of an optimiser step is cut into micro-batches, as many on every process.

Where processes work together none may run a forward pass alone, nor leave a tower without gradient that others
train: dummies of weight 0 fill up. A process on its own has no dummies.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from synergy.algorithms.signals import is_zero_signal
from synergy.models.trees import Tree, TreeBatch, make_batch, micro_batches
from synergy.records import TokenSignal
from synergy.training.trained_policy import TrainedPolicy


def moving(signals: Sequence[TokenSignal]) -> list[TokenSignal]:
    """Those that have anything to teach."""
    return [signal for signal in signals if not is_zero_signal(signal)]


def weighted(signals: Sequence[TokenSignal]) -> list[TokenSignal]:
    """Those that are in any term of the loss: all that KL and entropy can move."""
    return [signal for signal in signals if _has_weight(signal)]


def _has_weight(signal: TokenSignal) -> bool:
    return bool(signal.policy_gradient_weight.any() or signal.nll_weight.any() or signal.kl_weight.any())


@dataclass(frozen=True, kw_only=True, eq=False)
class MicroBatch:
    """One forward pass; tokens of a dummy come after all others."""

    indices: tuple[int, ...]  #: of the trees in it, dummies apart
    batch: TreeBatch
    num_scored: int  #: scored tokens, dummies apart
    is_last: bool


def lay_out(trees: Sequence[Tree], max_tokens: int, policy: TrainedPolicy) -> Iterator[MicroBatch]:
    """Micro-batches of at most `max_tokens` tokens, trees in order; called by all processes alike."""
    shares = [tuple(indices) for indices in micro_batches(trees, max_tokens)]
    num = max(policy.processes.gather(len(shares)))
    shares += [()] * (num - len(shares))
    is_alone = policy.processes.num == 1
    for place, indices in enumerate(shares):
        chosen = [trees[index] for index in indices]
        lacks_images = policy.trains_images and not any(tree.prompt.items for tree in chosen)
        filled = chosen if is_alone or (chosen and not lacks_images) else [*chosen, policy.dummy]
        yield MicroBatch(
            indices=indices,
            batch=make_batch(filled),
            num_scored=sum(map(_num_scored, chosen)),
            is_last=place == num - 1,
        )


def _num_scored(tree: Tree) -> int:
    return sum(len(branch.token_ids) for branch in tree.branches if branch.scored)
