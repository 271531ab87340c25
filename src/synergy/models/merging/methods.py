"""From a method's section to a function of tensors: which checkpoints it reads, and what it makes of them."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from synergy.config.merge import (
    DareMerge,
    LinearMerge,
    MergeMethod,
    RestoreMerge,
    SlerpMerge,
    TaskArithmeticMerge,
    TiesMerge,
)
from synergy.models.merging.dare import drop
from synergy.models.merging.linear import linear
from synergy.models.merging.restore import restored_tensor
from synergy.models.merging.slerp import slerp
from synergy.models.merging.task_arithmetic import task_arithmetic
from synergy.models.merging.ties import merge_agreeing, trim


@dataclass(frozen=True, kw_only=True)
class Method:
    """A method with its settings."""

    inputs: tuple[str, ...]  #: the checkpoints whose tensors `combine` takes, in that order; the base is the first
    combine: Callable[
        [str, list[Tensor]], Tensor
    ]  #: of a tensor's canonical name and its versions, a list it may empty
    keeps_equal: bool = True  #: tensors that are equal in all inputs come out as they are


def method_of(section: MergeMethod) -> Method:
    """The method that a section describes."""
    match section:
        case LinearMerge():
            return _linear(section)
        case SlerpMerge():
            return Method(
                inputs=(section.base_model, section.other_model),
                combine=lambda name, tensors: slerp(tensors[0], tensors[1], section.t),
            )
        case RestoreMerge():
            return Method(
                inputs=(section.base_model, section.other_model),
                combine=lambda name, tensors: restored_tensor(name, tensors[0], tensors[1], section),
            )
        case _:
            return _of_deltas(section)


def _linear(section: LinearMerge) -> Method:
    weights = [each.weight for each in section.models]
    return Method(
        inputs=tuple(each.model for each in section.models),
        combine=lambda name, tensors: linear(tensors, weights, normalize=section.normalize),
        keeps_equal=section.normalize,
    )


def _of_deltas(section: TaskArithmeticMerge | TiesMerge | DareMerge) -> Method:
    weights = [each.weight for each in section.models]
    adds_all = isinstance(section, TaskArithmeticMerge) or section.method == "dare_linear"
    add = task_arithmetic if adds_all else merge_agreeing

    def combine(name: str, tensors: list[Tensor]) -> Tensor:
        base = tensors.pop(0)
        deltas: list[Tensor] = []
        while tensors:  # each is let go once its difference is there
            deltas.append(_sparse(section, len(deltas), tensors.pop(0) - base, name))
        return add(base, deltas, weights, normalize=section.normalize, scale=section.scale)

    return Method(inputs=(section.base_model, *(each.model for each in section.models)), combine=combine)


def _sparse(section: TaskArithmeticMerge | TiesMerge | DareMerge, index: int, delta: Tensor, name: str) -> Tensor:
    match section:
        case TaskArithmeticMerge():
            return delta
        case TiesMerge():
            return trim(delta, section.models[index].density)
        case DareMerge():
            density = section.models[index].density
            return drop(delta, density, rescale=section.rescale, key=(section.seed, name, index))
