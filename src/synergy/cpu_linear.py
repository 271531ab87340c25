"""Linear layers in float32 by oneDNN, where torch would call MKL, which keeps to half of a vector unit on AMD's CPUs.

The same products in the same precision: measured on an AMD EPYC with AVX-512, 235 against 104 GFLOP/s a core. torch
reaches oneDNN's float32 product only through the operator that its compiler uses, which has no backward pass; hence
the one here. Elsewhere, and for other types, layers are as they were.
"""

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

#: below, MKL is as fast; and a kernel is compiled for each new number of rows, which would not pay
_MIN_ROWS = 32


def use_fast_linear(model: nn.Module) -> None:
    """Let linear layers and patch embeddings compute as `linear` does; parameters and their names stay."""
    if _is_available():
        for module in model.modules():
            _exchange(module, {nn.Linear: FastLinear, nn.Conv3d: FastPatches})


@contextmanager
def fast_linear(model: nn.Module) -> Iterator[None]:
    """The same for as long as the block lasts."""
    use_fast_linear(model)
    try:
        yield
    finally:
        for module in model.modules():
            _exchange(module, {FastLinear: nn.Linear, FastPatches: nn.Conv3d})


class FastLinear(nn.Linear):
    """`nn.Linear` by `linear`; under autocast as it was."""

    def forward(self, input: Float[Tensor, "*rows width"]) -> Float[Tensor, "*rows out"]:
        """x Wᵀ + b."""
        if not _fits(input, self.weight) or torch.is_autocast_enabled(input.device.type):
            return functional.linear(input, self.weight, self.bias)
        # the reshapes stay outside, as what a function of its own returns may not be a view that is written to
        rows = input.reshape(-1, input.shape[-1])
        return _Linear.apply(rows, self.weight, self.bias).view(*input.shape[:-1], -1)


class FastPatches(nn.Conv3d):
    """`nn.Conv3d` as a linear layer where each input is one patch of the kernel's size, as in Qwen's towers."""

    def forward(self, input: Float[Tensor, "patches channels *size"]) -> Float[Tensor, "patches out *places"]:
        """The convolution."""
        is_one_place = tuple(input.shape[2:]) == self.kernel_size and self.padding == (0, 0, 0) and self.groups == 1
        rows, weight = input.flatten(1), self.weight.flatten(1)
        if not is_one_place or not _fits(rows, weight) or torch.is_autocast_enabled(input.device.type):
            return super().forward(input)
        return _Linear.apply(rows, weight, self.bias)[:, :, None, None, None]


def linear(
    rows: Float[Tensor, "rows width"], weight: Float[Tensor, "out width"], bias: Float[Tensor, " out"] | None = None
) -> Float[Tensor, "rows out"]:
    """x Wᵀ + b, by oneDNN where it is faster and no gradient is asked for."""
    wants_gradient = torch.is_grad_enabled() and (rows.requires_grad or weight.requires_grad)
    if wants_gradient or not (_fits(rows, weight) and _is_available()):
        return functional.linear(rows, weight, bias)
    return torch.ops.mkldnn._linear_pointwise(rows, weight, bias, "none", [], "")


def _exchange(module: Any, classes: dict[type[nn.Module], type[nn.Module]]) -> None:
    """Another forward for a module of exactly one of the classes; all else of it stays."""
    if type(module) in classes:
        module.__class__ = classes[type(module)]


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:  # pyrefly: ignore
        ctx.save_for_backward(rows, weight)
        return linear(rows, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # pyrefly: ignore
        rows, weight = ctx.saved_tensors
        to_rows, to_weight, to_bias = ctx.needs_input_grad
        return (
            linear(gradient, weight.T) if to_rows else None,
            _product_of_columns(gradient, rows) if to_weight else None,
            gradient.sum(0) if to_bias else None,
        )


def _product_of_columns(
    left: Float[Tensor, "rows first"], right: Float[Tensor, "rows second"]
) -> Float[Tensor, "first second"]:
    """leftᵀ right; oneDNN copies what is given first into its transpose, so that is the narrower one."""
    if left.shape[1] <= right.shape[1]:
        return linear(left.T, right.T)
    return linear(right.T, left.T).T


def _fits(rows: Tensor, weight: Tensor) -> bool:
    is_plain = rows.device.type == "cpu" and rows.dtype == weight.dtype == torch.float32
    return is_plain and rows.numel() >= _MIN_ROWS * rows.shape[-1]


@cache
def _is_available() -> bool:
    """Only where it was measured: oneDNN's products on other architectures may round to bfloat16."""
    is_x86 = platform.machine() in ("x86_64", "AMD64")
    return is_x86 and torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
