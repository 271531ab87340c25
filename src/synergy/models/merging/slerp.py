"""Spherical interpolation (Shoemake 1985, "Animating rotation with quaternion curves"), as mergekit applies it."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

_PARALLEL = 0.9995  #: beyond this |cos| the arc is a line, and its formula divides by almost 0
_SMALLEST_NORM = 1e-8  #: a shorter vector is not scaled to length 1
_CHUNK = 1 << 20  #: entries that are widened to float64 at a time


def slerp(base: Float[Tensor, "*shape"], other: Float[Tensor, "*shape"], t: float) -> Float[Tensor, "*shape"]:
    """The point at `t` of the arc from `base` to `other`, each as one flat vector; ends come out bit for bit.

    The angle is that between directions, while the coefficients sin((1−t)θ)/sin θ and sin(tθ)/sin θ weigh the vectors
    as they are. Nearly parallel or opposite vectors are interpolated linearly.
    """
    if t == 0:
        return base
    if t == 1:
        return other
    cosine = _cosine(base.flatten(), other.flatten())
    if abs(cosine) > _PARALLEL:
        return (base * (1 - t)).add_(other, alpha=t)
    angle = math.acos(cosine)
    return (base * (math.sin((1 - t) * angle) / math.sin(angle))).add_(
        other, alpha=math.sin(t * angle) / math.sin(angle)
    )


def _cosine(left: Float[Tensor, " n"], right: Float[Tensor, " n"]) -> float:
    """In float64, as the arc of two near neighbours hangs on the last digits."""
    dot, squares = 0.0, [0.0, 0.0]
    for a, b in zip(left.split(_CHUNK), right.split(_CHUNK), strict=True):
        a, b = a.double(), b.double()
        dot += float(torch.dot(a, b))
        squares = [squares[0] + float(torch.dot(a, a)), squares[1] + float(torch.dot(b, b))]
    scales = [math.sqrt(each) if math.sqrt(each) > _SMALLEST_NORM else 1.0 for each in squares]
    return max(-1.0, min(1.0, dot / scales[0] / scales[1]))
