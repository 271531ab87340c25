"""Linear layers by oneDNN: the same numbers, gradients and parameters, by another kernel."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from synergy import cpu_linear
from synergy.cpu_linear import FastLinear, FastPatches, fast_linear, linear, use_fast_linear


class Calls:
    """Counts what reaches oneDNN."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.num = 0
        kernel = torch.ops.mkldnn._linear_pointwise

        def counted(*arguments: object) -> Tensor:
            self.num += 1
            return kernel(*arguments)

        monkeypatch.setattr(torch.ops.mkldnn, "_linear_pointwise", counted)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    if not cpu_linear._is_available():
        pytest.skip("not an x86 CPU with oneDNN")
    return Calls(monkeypatch)


def _gradients(layer: nn.Module, rows: Tensor) -> list[Tensor]:
    rows = rows.clone().requires_grad_()
    output = layer(rows)
    slope = torch.linspace(-1, 1, output.numel()).reshape(output.shape)
    found = torch.autograd.grad((output * slope.to(output.dtype)).sum(), [rows, *layer.parameters()])
    return [output.detach(), *found]


def _error(found: Tensor, exact: Tensor) -> float:
    return float((found.double() - exact).norm() / exact.norm())


@pytest.mark.parametrize("has_bias", [True, False])
def test_value_and_gradient_are_float32s(has_bias: bool, calls: Calls):
    layer = nn.Linear(96, 48, bias=has_bias)
    rows = torch.randn(3, 40, 96)
    layer_64 = nn.Linear(96, 48, bias=has_bias).double()
    layer_64.load_state_dict(layer.state_dict())
    exact = _gradients(layer_64, rows.double())
    use_fast_linear(layer)
    found = _gradients(layer, rows)
    assert calls.num == 3
    assert [each.shape for each in found] == [each.shape for each in exact]
    assert max(_error(*pair) for pair in zip(found, exact, strict=True)) < 2e-6  # bfloat16 would be at 1e-3


def test_patches_are_a_linear_layer(calls: Calls):
    layer = nn.Conv3d(3, 32, kernel_size=(2, 4, 4), stride=(2, 4, 4), bias=False)
    patches = torch.randn(50, 3, 2, 4, 4)
    usual = _gradients(layer, patches)
    use_fast_linear(layer)
    assert isinstance(layer, FastPatches)
    found = _gradients(layer, patches)
    assert calls.num == 3
    assert [each.shape for each in found] == [each.shape for each in usual]
    assert max(_error(each, wanted.double()) for each, wanted in zip(found, usual, strict=True)) < 2e-6
    larger = torch.randn(50, 3, 2, 8, 8)  # more than one place: a convolution after all
    assert layer(larger).shape == (50, 32, 1, 2, 2)
    assert calls.num == 3


def test_other_types_few_rows_and_autocast_stay_as_they_were(calls: Calls):
    layer = nn.Linear(16, 16)
    names = list(layer.state_dict())
    use_fast_linear(layer)
    assert isinstance(layer, FastLinear)
    assert list(layer.state_dict()) == names
    few = torch.randn(31, 16)
    assert torch.equal(layer(few), functional.linear(few, layer.weight, layer.bias))
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(torch.randn(64, 16)).dtype == torch.bfloat16
    assert layer.double()(torch.randn(64, 16).double()).dtype == torch.float64
    assert calls.num == 0


def test_for_a_block_only(calls: Calls):
    model = nn.Sequential(nn.Linear(16, 48), nn.Conv3d(1, 2, 2))
    with fast_linear(model):
        assert [type(layer) for layer in model] == [FastLinear, FastPatches]
        model[0](torch.randn(64, 16))
    assert [type(layer) for layer in model] == [nn.Linear, nn.Conv3d]
    model[0](torch.randn(64, 16))
    assert calls.num == 1


def test_the_bare_function_keeps_gradients(calls: Calls):
    weight = torch.randn(48, 16, requires_grad=True)
    linear(torch.randn(64, 16), weight).sum().backward()
    assert weight.grad is not None
    assert calls.num == 0
    with torch.no_grad():
        linear(torch.randn(64, 16), weight)
    assert calls.num == 1


def test_where_it_is_not_available_nothing_changes(calls: Calls, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(cpu_linear, "_is_available", lambda: False)
    model = nn.Sequential(nn.Linear(16, 16))
    use_fast_linear(model)
    assert type(model[0]) is nn.Linear
    linear(torch.randn(64, 16), torch.randn(16, 16))
    assert calls.num == 0


def test_its_output_may_be_written_to(calls: Calls):
    layer = nn.Linear(48, 48)
    rows = torch.randn(2, 32, 48)
    usual = _gradients(nn.Sequential(layer, nn.ReLU(inplace=True)), rows)
    use_fast_linear(layer)
    found = _gradients(nn.Sequential(layer, nn.ReLU(inplace=True)), rows)
    assert calls.num == 3
    assert max(_error(each, wanted.double()) for each, wanted in zip(found, usual, strict=True)) < 2e-6
