"""Whether training stretched matrices or turned them: singular values, angles between subspaces, where changes lie.

The measures are those of 2509.12235 (its code `raw_metrics_angle`) with truncated bases: U_b, V_b are the base's first
k singular vectors, U_t, V_t the tuned model's, ΔW = W_t − W_b. With all vectors the angles are 0 whatever happened.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from synergy.diagnostics.diagnostic import Inquiry
from synergy.diagnostics.finding import Cell, Finding, FindingColumn, FindingCurve
from synergy.diagnostics.kept import kept
from synergy.diagnostics.subject import Subject
from synergy.diagnostics.weights.modules import module_of
from synergy.evaluation.provenance import weights_sha256
from synergy.models.merging.names import layer_of
from synergy.models.merging.source import Source

RANK_SHARE = 768 / 4096  #: of a matrix's smaller side: the paper's rank on its 11B model's width
_VERSION = 1
_TITLES = {
    "angle_left": "angle of left vectors",
    "angle_right": "angle of right vectors",
    "singular_change": "change of singular values",
    "distance": "distance of projections",
    "alignment": "alignment of single vectors",
    "diagonal": "change along the base's own pairs",
    "rotation": "change between them",
    "residual": "base's subspace left",
}
_UNITS = {"angle_left": "degrees", "angle_right": "degrees", "distance": "", "alignment": ""}


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """Of one matrix, at rank k."""

    angle_left: float  #: mean principal angle of U_b and U_t, in degrees; angles are averaged, not cosines
    angle_right: float  #: of V_b and V_t
    singular_change: float  #: mean |s_t − s_b| / s_b
    distance: float  #: ‖U_b U_bᵀ − U_t U_tᵀ‖ over its largest value sqrt(2k), in [0, 1]
    alignment: float  #: mean over U_b's vectors of the largest |cosine| to one of U_t
    diagonal: float  #: ‖diag C‖² / ‖ΔW‖² with C = U_bᵀ ΔW V_b: values that grew or shrank
    rotation: float  #: (‖C‖² − ‖diag C‖²) / ‖ΔW‖²: what turned within the base's subspace
    residual: float  #: 1 − ‖U_bᵀ W_t V_b‖² / Σ s_b²: how much of the base's energy the tuned matrix has not there


def weight_rotation(inquiry: Inquiry) -> Finding:
    """A row a subject and module: means over the matrices of all layers."""
    assert inquiry.against is not None, "the registry says that a comparison is needed"
    rows = [row for subject in inquiry.subjects for row in _rows(inquiry, subject, inquiry.against)]
    measured = [
        FindingColumn.model_validate({"name": name, "title": title, "unit": _UNITS.get(name, "%")})
        for name, title in _TITLES.items()
    ]
    return Finding(
        kind="finding",
        diagnostic="weight_rotation",
        about=tuple(subject.name for subject in inquiry.subjects),
        against=inquiry.against.name,
        method=(
            "Matrices of the language model's layers before and after training, by their first singular vectors "
            f"({RANK_SHARE:.0%} of the smaller side). Angles are means of the principal angles between the two "
            "subspaces: 0° for the same, towards 90° for unrelated ones. The energy of the change is split by the "
            "base's own vectors: along its pairs (values changed), between them (vectors turned), the rest outside."
        ),
        settings={"rank_share": RANK_SHARE},
        columns=(
            FindingColumn(name="subject", title="model"),
            FindingColumn(name="module", title="matrices"),
            FindingColumn(name="num", title="how many"),
            *measured,
        ),
        rows=tuple(rows),
        curves=(FindingCurve(x="module", y="angle_left"), FindingCurve(x="module", y="singular_change")),
    )


def rotation(before: Float[Tensor, "rows columns"], after: Float[Tensor, "rows columns"], rank: int) -> Rotation:
    """The measures of one matrix, in float64; those of a change are 0 where nothing changed."""
    before, after = before.double(), after.double()
    u_b, s_b, v_b = _truncated(before, rank)
    u_t, s_t, v_t = _truncated(after, rank)
    delta = after - before
    energy = float(delta.square().sum())
    inside = u_b.T @ delta @ v_b
    diagonal, whole = float(inside.diagonal().square().sum()), float(inside.square().sum())
    cosines = u_b.T @ u_t
    left = float((u_b.T @ after @ v_b).square().sum() / s_b.square().sum().clamp(min=1e-300))
    apart = max(0.0, 2 * rank - 2 * float(cosines.square().sum()))
    return Rotation(
        angle_left=_mean_angle(cosines),
        angle_right=_mean_angle(v_b.T @ v_t),
        singular_change=float(((s_t - s_b).abs() / s_b.clamp(min=1e-12)).mean()),
        distance=sqrt(apart / (2 * rank)),
        alignment=float(cosines.abs().amax(dim=1).mean()),
        diagonal=diagonal / energy if energy else 0.0,
        rotation=max(0.0, whole - diagonal) / energy if energy else 0.0,
        residual=1 - left,
    )


def rank_of(shape: Sequence[int], share: float) -> int:
    """The rank at which a matrix is looked at: below its smaller side, or angles say nothing."""
    smaller = min(shape)
    return max(1, min(round(share * smaller), smaller - 1))


def _truncated(matrix: Float[Tensor, "rows columns"], rank: int) -> tuple[Tensor, Tensor, Tensor]:
    u, s, v = torch.linalg.svd(matrix, full_matrices=False)
    return u[:, :rank], s[:rank], v[:rank].T


def _mean_angle(cosines: Float[Tensor, "rank rank"]) -> float:
    values = torch.linalg.svdvals(cosines).clamp(max=1.0)
    return float(torch.rad2deg(torch.arccos(values)).mean())


def matrices(base: Source, tuned: Source) -> Iterator[str]:
    """Names of the language model's matrices, those of its layers, that both have in one shape."""
    for name, stored in base.tensors.items():
        other = tuned.tensors.get(name)
        if layer_of(name) is None or len(stored.shape) != 2 or min(stored.shape) < 2:
            continue
        if other is not None and other.shape == stored.shape:
            yield name


def _rows(inquiry: Inquiry, subject: Subject, against: Subject) -> list[dict[str, Cell]]:
    base, tuned = Source(str(against.model)), Source(str(subject.model))
    hashes = {"base": weights_sha256(str(against.model)), "tuned": weights_sha256(str(subject.model))}
    names = list(matrices(base, tuned))
    found: dict[str, list[Mapping[str, float]]] = {}
    for index, name in enumerate(names):
        found.setdefault(module_of(name), []).append(_measured(inquiry, base, tuned, name, hashes))
        inquiry.on_progress(f"matrices of {subject.name}", index + 1, len(names))
    return [
        {
            "subject": subject.name,
            "module": module,
            "num": len(each),
            **{name: float(np.mean([values[name] for values in each])) for name in _TITLES},
        }
        for module, each in found.items()
    ]


def _measured(
    inquiry: Inquiry, base: Source, tuned: Source, name: str, hashes: Mapping[str, str | None]
) -> Mapping[str, float]:
    """Of one matrix, kept by itself: a large model's take long."""

    def compute() -> dict[str, Any]:
        before, after = base.read(name), tuned.read(name)
        return vars(rotation(before, after, rank_of(before.shape, RANK_SHARE)))

    computed_from = {"version": _VERSION, **hashes, "matrix": name, "rank_share": RANK_SHARE}
    return kept(inquiry.cache, computed_from, compute)
