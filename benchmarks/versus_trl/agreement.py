"""Do both sides compute the same loss? Value and gradient of one step on the same responses, before any is timed."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

#: sums run in another order; a token that is left out or counted twice is far beyond it in float32
MAX_DIFFERENCE = {torch.float32: 1e-4, torch.bfloat16: 5e-2}


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How far the two sides are apart, relative to theirs."""

    ours_loss: float
    theirs_loss: float
    gradient_difference: float  #: norm of the difference over the norm of theirs
    num_parameters: int  #: named tensors that both sides have a gradient for
    max_difference: float  #: what rounding may come to

    @property
    def loss_difference(self) -> float:
        """Of the values."""
        return abs(self.ours_loss - self.theirs_loss) / abs(self.theirs_loss)

    @property
    def holds(self) -> bool:
        """Whether both computed the same."""
        return max(self.loss_difference, self.gradient_difference) < self.max_difference

    def summary(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "ours_loss": self.ours_loss,
            "theirs_loss": self.theirs_loss,
            "loss_difference": self.loss_difference,
            "gradient_difference": self.gradient_difference,
            "num_parameters": self.num_parameters,
            "holds": self.holds,
        }


def compare(ours: tuple[float, dict[str, Tensor]], theirs: tuple[float, dict[str, Tensor]]) -> Agreement:
    """The agreement of two losses with their gradients by parameter name."""
    (ours_loss, ours_gradient), (theirs_loss, theirs_gradient) = ours, theirs
    assert ours_gradient.keys() == theirs_gradient.keys(), "both train the same parameters"
    difference = sum(
        float((ours_gradient[name].double() - each.double()).square().sum()) for name, each in theirs_gradient.items()
    )
    norm = sum(float(each.double().square().sum()) for each in theirs_gradient.values())
    return Agreement(
        ours_loss=ours_loss,
        theirs_loss=theirs_loss,
        gradient_difference=(difference / norm) ** 0.5,
        num_parameters=len(theirs_gradient),
        max_difference=max(MAX_DIFFERENCE[each.dtype] for each in theirs_gradient.values()),
    )
