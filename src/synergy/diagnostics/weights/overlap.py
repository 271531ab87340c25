"""Whether two trainings moved the same weights: overlap of those that each moved most, and the angle of the changes.

Two passes over the tensors: the first counts magnitudes in bins of less than half a percent, which says how large a
change belongs to the largest so many; the second counts what two models have in common.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from synergy.diagnostics.diagnostic import Inquiry
from synergy.diagnostics.finding import Cell, Finding, FindingColumn
from synergy.diagnostics.kept import kept
from synergy.diagnostics.subject import Subject
from synergy.evaluation.provenance import weights_sha256
from synergy.models.merging.mergeable import drop_tied_head
from synergy.models.merging.plan import OnProgress
from synergy.models.merging.source import Source

SHARES = (0.01, 0.05, 0.2)  #: of all weights, those that moved most; MIFO's share is not known, these are ours
_NUM_BINS = 1 << 16  #: the first bits of a float32's magnitude: eight of the exponent, eight of the mantissa
_SHIFT = 15
_VERSION = 1


def weight_overlap(inquiry: Inquiry) -> Finding | None:
    """A row a pair of subjects and a share: the Jaccard index of what both moved most; None for a single subject."""
    assert inquiry.against is not None, "the registry says that a comparison is needed"
    if len(inquiry.subjects) < 2:
        return None
    rows = _pairs(inquiry, inquiry.against)
    return Finding(
        kind="finding",
        diagnostic="weight_overlap",
        about=tuple(subject.name for subject in inquiry.subjects),
        against=inquiry.against.name,
        method=(
            "Of all weights that any of the models changed, the share that each model moved most; the Jaccard index is "
            "the number that is in both sets over the number in either. Within tensors: the share is taken in each "
            "tensor by itself, so that modules which move more as a whole do not decide. By chance: sets of these "
            "sizes drawn at random. Cosine: of the two changes as vectors over all weights."
        ),
        settings={"shares": list(SHARES)},
        columns=(
            FindingColumn(name="subject", title="model"),
            FindingColumn(name="other", title="and"),
            FindingColumn(name="share", title="moved most", unit="%"),
            FindingColumn(name="jaccard", title="Jaccard index"),
            FindingColumn(name="within", title="within tensors"),
            FindingColumn(name="chance", title="by chance"),
            FindingColumn(name="cosine", title="cosine of the changes"),
        ),
        rows=tuple(rows),
    )


def magnitude_bins(delta: Float[Tensor, "*shape"]) -> Int[Tensor, " num"]:
    """The bin of each magnitude; a larger magnitude is never in a lower bin, and 0 is in bin 0."""
    return delta.float().flatten().abs().view(torch.int32) >> _SHIFT


def first_bin(counts: Int[Tensor, " bins"], num_wanted: int) -> int:
    """The bin from which on at least so many are counted; never bin 0, which holds what did not change."""
    from_above = counts.flip(0).cumsum(0).flip(0)
    return max(1, int((from_above >= num_wanted).sum()) - 1)


def moved_most(delta: Float[Tensor, " num"], share: float) -> Bool[Tensor, " num"]:
    """The share of a tensor's entries with the largest magnitudes, all equal to the smallest of them included."""
    magnitudes = delta.abs()
    num_wanted = max(1, round(share * len(delta)))
    smallest = magnitudes.kthvalue(len(delta) - num_wanted + 1).values
    return (magnitudes >= smallest) & (magnitudes > 0)


def jaccard(one: Bool[Tensor, " num"], other: Bool[Tensor, " num"]) -> tuple[int, int]:
    """How many are in both, and in either."""
    return int((one & other).sum()), int((one | other).sum())


def by_chance(one: float, other: float) -> float:
    """The expected Jaccard index of independent sets that hold these shares of everything."""
    return one * other / (one + other - one * other) if one or other else 0.0


def overlaps(
    base: Source, tuned: Sequence[Source], shares: Sequence[float], on_progress: OnProgress
) -> list[dict[str, Any]]:
    """For each pair of `tuned`, by position, and each share what `weight_overlap` shows."""
    num_tensors, num_models = len(base.tensors), len(tuned)
    counts = torch.zeros(num_models, _NUM_BINS, dtype=torch.int64)
    dots = torch.zeros(num_models, num_models, dtype=torch.float64)
    num = 0
    for index, deltas in enumerate(_deltas(base, tuned)):
        if any(bool(delta.any()) for delta in deltas):
            num += len(deltas[0])
            for model, delta in enumerate(deltas):
                counts[model] += torch.bincount(magnitude_bins(delta), minlength=_NUM_BINS)
            stacked = torch.stack(deltas).double()
            dots += stacked @ stacked.T
        on_progress("magnitudes", index + 1, num_tensors)
    bins = [[first_bin(counts[model], round(share * num)) for share in shares] for model in range(num_models)]
    pairs = list(combinations(range(num_models), 2))
    both, within = torch.zeros(2, len(shares), len(pairs), 2, dtype=torch.int64)
    for index, deltas in enumerate(_deltas(base, tuned)):
        magnitudes = [magnitude_bins(delta) for delta in deltas]
        for place, share in enumerate(shares):
            chosen = [each >= bins[model][place] for model, each in enumerate(magnitudes)]
            in_tensor = [moved_most(delta, share) for delta in deltas]
            for pair, (one, other) in enumerate(pairs):
                both[place, pair] += torch.tensor(jaccard(chosen[one], chosen[other]))
                within[place, pair] += torch.tensor(jaccard(in_tensor[one], in_tensor[other]))
        on_progress("overlap", index + 1, num_tensors)
    sizes = [[int(counts[model, first:].sum()) / max(num, 1) for first in bins[model]] for model in range(num_models)]
    norms = dots.diagonal().sqrt()
    return [
        {
            "pair": list(models),
            "share": share,
            "jaccard": float(both[place, pair, 0] / both[place, pair, 1].clamp(min=1)),
            "within": float(within[place, pair, 0] / within[place, pair, 1].clamp(min=1)),
            "chance": by_chance(sizes[models[0]][place], sizes[models[1]][place]),
            "cosine": float(dots[models] / (norms[models[0]] * norms[models[1]]).clamp(min=1e-30)),
        }
        for pair, models in enumerate(pairs)
        for place, share in enumerate(shares)
    ]


def _deltas(base: Source, tuned: Sequence[Source]) -> Iterator[list[Float[Tensor, " num"]]]:
    """Tensor by tensor the changes of all models; those of other shapes are left out."""
    for name, stored in base.tensors.items():
        if not stored.dtype.is_floating_point or any(
            name not in each.tensors or each.tensors[name].shape != stored.shape for each in tuned
        ):
            continue
        before = base.read(name).float().flatten()
        yield [each.read(name).float().flatten() - before for each in tuned]


def _pairs(inquiry: Inquiry, against: Subject) -> list[dict[str, Cell]]:
    subjects = inquiry.subjects
    folders = [str(subject.model) for subject in subjects]
    computed_from = {
        "version": _VERSION,
        "base": weights_sha256(str(against.model)),
        "tuned": [weights_sha256(folder) for folder in folders],
        "shares": list(SHARES),
    }

    def compute() -> list[dict[str, Any]]:
        sources = [Source(folder) for folder in (str(against.model), *folders)]
        for source in sources:
            drop_tied_head(source)
        return overlaps(sources[0], sources[1:], SHARES, inquiry.on_progress)

    found: list[Mapping[str, Any]] = kept(inquiry.cache, computed_from, compute)
    return [
        {
            "subject": subjects[each["pair"][0]].name,
            "other": subjects[each["pair"][1]].name,
            **{name: each[name] for name in ("share", "jaccard", "within", "chance", "cosine")},
        }
        for each in found
    ]
