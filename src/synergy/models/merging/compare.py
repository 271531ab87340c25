"""How far apart two checkpoints are, tensor by tensor: ours against a released one, one method against another."""

from dataclasses import dataclass
from math import sqrt

from torch import Tensor

from synergy.models.merging.mergeable import drop_tied_head
from synergy.models.merging.plan import OnProgress
from synergy.models.merging.source import Source

_CHUNK = 1 << 22  #: entries that are compared at a time


@dataclass(frozen=True, kw_only=True)
class TensorDifference:
    """One tensor in both checkpoints."""

    name: str  #: canonical
    num: int  #: entries
    num_different: int  #: entries that are not equal
    num_different_rounded: int  #: of these, entries that are not equal as bfloat16 either
    max_abs: float  #: the largest |a − b|
    squares: float  #: Σ (a − b)²
    left_squares: float  #: Σ a²

    @property
    def relative(self) -> float:
        """‖a − b‖ / ‖a‖; 0 where they are equal."""
        return _ratio(self.squares, self.left_squares)


@dataclass(frozen=True, kw_only=True)
class CheckpointDifference:
    """Two checkpoints, a and b."""

    tensors: tuple[TensorDifference, ...]  #: in a's order, those of one shape in both
    only_left: tuple[str, ...]
    only_right: tuple[str, ...]
    other_shape: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        """Whether all tensors are in both and equal in every entry; types of numbers may differ."""
        return not (self.only_left or self.only_right or self.other_shape or self.num_different)

    @property
    def num(self) -> int:
        """Entries that were compared."""
        return sum(each.num for each in self.tensors)

    @property
    def num_different(self) -> int:
        """Entries that are not equal."""
        return sum(each.num_different for each in self.tensors)

    @property
    def max_abs(self) -> float:
        """The largest |a − b|."""
        return max((each.max_abs for each in self.tensors), default=0.0)

    @property
    def relative(self) -> float:
        """‖a − b‖ / ‖a‖ over all that was compared."""
        return _ratio(sum(each.squares for each in self.tensors), sum(each.left_squares for each in self.tensors))


def _silent(stage: str, num_done: int, num: int) -> None:
    """For callers that show no progress."""


def compare_checkpoints(left: str, right: str, on_progress: OnProgress = _silent) -> CheckpointDifference:
    """Compare the weights of two checkpoints, named as in a merge, in float64; names are compared in canonical form.

    Raises FileError or InputError for what is no checkpoint.
    """
    sources = [Source(left), Source(right)]
    for source in sources:
        drop_tied_head(source)
    first, second = (source.tensors for source in sources)
    shared = [name for name in first if name in second]
    found: list[TensorDifference] = []
    for name in shared:
        if first[name].shape == second[name].shape:
            found.append(_difference(name, sources[0].read(name), sources[1].read(name)))
        on_progress("comparing", len(found), len(shared))
    return CheckpointDifference(
        tensors=tuple(found),
        only_left=tuple(name for name in first if name not in second),
        only_right=tuple(name for name in second if name not in first),
        other_shape=tuple(name for name in shared if first[name].shape != second[name].shape),
    )


def _difference(name: str, left: Tensor, right: Tensor) -> TensorDifference:
    num_different, num_different_rounded, max_abs, squares, left_squares = 0, 0, 0.0, 0.0, 0.0
    for a, b in zip(left.flatten().split(_CHUNK), right.flatten().split(_CHUNK), strict=True):
        num_different_rounded += int((a.bfloat16() != b.bfloat16()).sum())
        a, b = a.double(), b.double()
        apart = (a - b).abs_()
        num_different += int((a != b).sum())
        max_abs = max(max_abs, float(apart.max())) if apart.numel() else max_abs
        squares += float(apart.square_().sum())
        left_squares += float(a.square_().sum())
    return TensorDifference(
        name=name,
        num=left.numel(),
        num_different=num_different,
        num_different_rounded=num_different_rounded,
        max_abs=max_abs,
        squares=squares,
        left_squares=left_squares,
    )


def _ratio(squares: float, reference: float) -> float:
    if squares == 0:
        return 0.0
    return sqrt(squares / reference) if reference > 0 else float("inf")
