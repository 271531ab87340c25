"""Whether two trainings moved the same weights: overlap of those that each moved most, and the angle of the changes.

Two passes over the tensors: the first counts magnitudes in bins of less than half a percent, which says how large a
change belongs to the largest so many; the second counts what two models have in common.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from synergy.diagnostics.diagnostic import Inquiry, LackingError
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
_CHUNK = 1 << 22  #: weights that are compared at a time
_VERSION = 2


def weight_overlap(inquiry: Inquiry) -> Finding:
    """A row a pair of subjects and a share: the Jaccard index of what both moved most; raises LackingError for one."""
    assert inquiry.against is not None, "the registry says that a comparison is needed"
    if len(inquiry.subjects) < 2:
        raise LackingError("one model; expected two or more, each a training of the same base")
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
    names = _shared(base, tuned)
    moved = _measure(base, tuned, names, shares, on_progress)
    bins = moved.first_bins(shares)
    pairs = list(combinations(range(len(tuned)), 2))
    both, within = torch.zeros(2, len(shares), len(pairs), 2, dtype=torch.int64)
    for index, (name, of_tensor) in enumerate(moved.of_tensors.items()):
        for deltas in _chunks(base, tuned, name):
            magnitudes = [magnitude_bins(delta) for delta in deltas]
            for place in range(len(shares)):
                for found, firsts in ((both, bins), (within, of_tensor)):
                    chosen = [each >= firsts[model][place] for model, each in enumerate(magnitudes)]
                    for pair, (one, other) in enumerate(pairs):
                        found[place, pair] += torch.tensor(jaccard(chosen[one], chosen[other]))
        on_progress("overlap", index + 1, len(moved.of_tensors))
    norms = moved.dots.diagonal().sqrt()
    return [
        {
            "pair": list(models),
            "share": share,
            "jaccard": float(both[place, pair, 0] / both[place, pair, 1].clamp(min=1)),
            "within": float(within[place, pair, 0] / within[place, pair, 1].clamp(min=1)),
            "chance": by_chance(*(moved.share_from(model, bins[model][place]) for model in models)),
            "cosine": float(moved.dots[models] / (norms[models[0]] * norms[models[1]]).clamp(min=1e-30)),
        }
        for pair, models in enumerate(pairs)
        for place, share in enumerate(shares)
    ]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Moved:
    """What the first pass found, of tensors that any model changed."""

    counts: Int[Tensor, "models bins"]  #: of magnitudes
    dots: Float[Tensor, "models models"]  #: of the changes as vectors
    of_tensors: dict[str, list[list[int]]]  #: by tensor, model and share, the bin from which on it is moved most

    def first_bins(self, shares: Sequence[float]) -> list[list[int]]:
        """By model and share, over all tensors together."""
        return _first_bins(self.counts, shares)

    def share_from(self, model: int, first: int) -> float:
        """Of all weights, those in this bin or above."""
        return float(self.counts[model, first:].sum() / self.counts[model].sum().clamp(min=1))


def _measure(
    base: Source, tuned: Sequence[Source], names: Sequence[str], shares: Sequence[float], on_progress: OnProgress
) -> _Moved:
    counts = torch.zeros(len(tuned), _NUM_BINS, dtype=torch.int64)
    dots = torch.zeros(len(tuned), len(tuned), dtype=torch.float64)
    of_tensors: dict[str, list[list[int]]] = {}
    for index, name in enumerate(names):
        of_tensor = torch.zeros_like(counts)
        for deltas in _chunks(base, tuned, name):
            of_tensor += torch.stack([torch.bincount(magnitude_bins(delta), minlength=_NUM_BINS) for delta in deltas])
            stacked = torch.stack(deltas).double()
            dots += stacked @ stacked.T
        if bool(of_tensor[:, 1:].any()):
            counts += of_tensor
            of_tensors[name] = _first_bins(of_tensor, shares)
        on_progress("magnitudes", index + 1, len(names))
    return _Moved(counts=counts, dots=dots, of_tensors=of_tensors)


def _first_bins(counts: Int[Tensor, "models bins"], shares: Sequence[float]) -> list[list[int]]:
    return [[first_bin(each, max(1, round(share * int(each.sum())))) for share in shares] for each in counts]


def _shared(base: Source, tuned: Sequence[Source]) -> list[str]:
    """Names of the floating-point tensors that all have in one shape."""
    return [
        name
        for name, stored in base.tensors.items()
        if stored.dtype.is_floating_point
        and all(name in each.tensors and each.tensors[name].shape == stored.shape for each in tuned)
    ]


def _chunks(base: Source, tuned: Sequence[Source], name: str) -> Iterator[list[Float[Tensor, " num"]]]:
    """The changes of all models, so many weights at a time."""
    parts = [source.read(name).flatten().split(_CHUNK) for source in (base, *tuned)]
    for before, *after in zip(*parts, strict=True):
        yield [each.float() - before.float() for each in after]


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
