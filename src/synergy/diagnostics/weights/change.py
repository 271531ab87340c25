"""How far training moved weights, by module and by layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

from synergy.diagnostics.diagnostic import Inquiry
from synergy.diagnostics.finding import Cell, Finding, FindingColumn, FindingCurve
from synergy.diagnostics.kept import kept
from synergy.diagnostics.subject import Subject
from synergy.diagnostics.weights.modules import places_of
from synergy.evaluation.provenance import weights_sha256
from synergy.models.merging.compare import TensorDifference, compare_checkpoints

_VERSION = 1  #: of what is kept


@dataclass(frozen=True, kw_only=True)
class Change:
    """Of the weights of one place."""

    num: int  #: numbers
    norm: float  #: ‖Δ‖
    relative: float  #: ‖Δ‖ / ‖W_base‖
    changed: float  #: share that is another number
    changed_rounded: float  #: share that is another number in bfloat16


def weight_change(inquiry: Inquiry) -> Finding:
    """A row a subject and place: the norm of its change, absolute and relative, and how many weights changed."""
    assert inquiry.against is not None, "the registry says that a comparison is needed"
    rows = [row for subject in inquiry.subjects for row in _rows(inquiry, subject, inquiry.against)]
    return Finding(
        kind="finding",
        diagnostic="weight_change",
        about=tuple(subject.name for subject in inquiry.subjects),
        against=inquiry.against.name,
        method=(
            "Weights after training less the weights before, in the numbers that are stored. Changed in bfloat16: what "
            "a checkpoint saved in that type would show; the rest is smaller than its rounding."
        ),
        columns=(
            FindingColumn(name="subject", title="model"),
            FindingColumn(name="place", title="weights of"),
            FindingColumn(name="num", title="how many"),
            FindingColumn(name="norm", title="norm of the change"),
            FindingColumn(name="relative", title="norm of the change over that of the weights", unit="%"),
            FindingColumn(name="changed", title="changed", unit="%"),
            FindingColumn(name="changed_rounded", title="changed in bfloat16", unit="%"),
        ),
        rows=tuple(rows),
        curves=(FindingCurve(x="module", y="relative"), FindingCurve(x="layer", y="relative")),
    )


def change_by_place(tensors: Sequence[TensorDifference]) -> dict[str, Change]:
    """Sums of the tensors of each place, `all` first, then modules, then layers."""
    members: dict[str, list[TensorDifference]] = {}
    for tensor in tensors:
        for place in places_of(tensor.name):
            members.setdefault(place, []).append(tensor)
    ordered = sorted(members, key=lambda place: (place != "all", place.startswith("layer "), _number(place)))
    return {place: _sum(members[place]) for place in ordered}


def _sum(tensors: Sequence[TensorDifference]) -> Change:
    num = sum(each.num for each in tensors)
    squares, before = sum(each.squares for each in tensors), sum(each.left_squares for each in tensors)
    return Change(
        num=num,
        norm=sqrt(squares),
        relative=sqrt(squares / before) if before else 0.0,
        changed=sum(each.num_different for each in tensors) / num,
        changed_rounded=sum(each.num_different_rounded for each in tensors) / num,
    )


def _number(place: str) -> int:
    return int(place.removeprefix("layer ")) if place.startswith("layer ") else 0


def _rows(inquiry: Inquiry, subject: Subject, against: Subject) -> list[dict[str, Cell]]:
    base, tuned = str(against.model), str(subject.model)
    computed_from = {"version": _VERSION, "base": weights_sha256(base), "tuned": weights_sha256(tuned)}

    def compute() -> dict[str, Any]:
        found = compare_checkpoints(
            base, tuned, lambda stage, num_done, num: inquiry.on_progress(f"{stage} {subject.name}", num_done, num)
        )
        return {place: vars(change) for place, change in change_by_place(found.tensors).items()}

    found: Mapping[str, Mapping[str, Cell]] = kept(inquiry.cache, computed_from, compute)
    return [{"subject": subject.name, "place": place, **change, **_axis(place)} for place, change in found.items()]


def _axis(place: str) -> dict[str, Cell]:
    """Which chart the row belongs to."""
    if place == "all":
        return {}
    return {"layer": _number(place)} if place.startswith("layer ") else {"module": place}
