"""The example loops run, learn, and stay short."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def _loaded(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["sft_loop", "grpo_loop"])
def test_an_example_has_less_than_200_lines(name: str):
    assert len((EXAMPLES / f"{name}.py").read_text().splitlines()) < 200


def test_the_sft_loop_learns(untrained: Path):
    losses = _loaded("sft_loop").main(str(untrained), 6, 4)
    assert losses[-1] < losses[0] - 0.3


def test_the_grpo_loop_runs(untrained: Path):
    rewards = _loaded("grpo_loop").main(str(untrained), 2, 2, 3, 12)
    assert rewards == [0.0, 0.0]  # nothing is right in 12 tokens
