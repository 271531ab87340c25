"""The gradient of a step does not depend on how the step is cut up: micro-batches, trees, order, processes."""

import random
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from safetensors.torch import load_file
from torch import Tensor
from training_cases import Case, Dtype, Name, make_case, relative_difference
from training_ranks import PARALLELS, shares
from training_runs import SINGLE_THREAD

from synergy.training.normalise import count_signals

TOLERANCES = {"float64": 1e-9, "float32": 5e-5}
MEAN_OF_MEANS = 0.01  #: at least so wrong, relatively, is a gradient that is averaged over micro-batches or processes


@cache
def _case(name: Name, dtype: Dtype, weights: Path) -> tuple[Case, dict[str, Tensor]]:
    """A case and its gradient in one piece."""
    case = make_case(name, dtype, weights)
    return case, case.gradient(case.trees())


CASES = pytest.mark.parametrize(("name", "dtype"), [(name, dtype) for name in get_args(Name) for dtype in TOLERANCES])


@CASES
@pytest.mark.parametrize("layout", ["8x1", "some", "one response a tree", "shuffled", "plain"])
def test_gradient_invariance_on_one_process(name: Name, dtype: Dtype, layout: str, weights: Path):
    case, whole = _case(name, dtype, weights)
    trees, max_tokens = case.trees(), 10_000
    if layout == "8x1":
        max_tokens = 1
    elif layout == "some":
        max_tokens = 400
    elif layout == "one response a tree":
        trees, max_tokens = case.single_trees(), 1000
        assert len(trees) == len(case.signals)
    elif layout == "shuffled":
        random.Random(7).shuffle(trees)
        max_tokens = 500
    else:
        trees, max_tokens = case.trees(), 600
        case.policy.policy.path = "plain"
    try:
        found = case.gradient(trees, max_tokens=max_tokens)
    finally:
        case.policy.policy.path = "tree"
    assert relative_difference(found, whole) <= TOLERANCES[dtype]


def test_gradient_invariance_without_what_has_no_signal(weights: Path):
    case, whole = _case("mix", "float64", weights)
    skipped = case.trees(skip=True)
    assert len(skipped) < len(case.trees())
    assert relative_difference(case.gradient(skipped), whole) <= TOLERANCES["float64"]


@CASES
def test_gradient_invariance_fails_for_a_mean_of_means(name: Name, dtype: Dtype, weights: Path):
    case, whole = _case(name, dtype, weights)
    trees = case.trees()
    sums: dict[str, Tensor] = {}
    for tree in trees:
        for key, part in case.gradient([tree], counts=count_signals(tree.signals)).items():
            sums[key] = sums.get(key, 0) + part / len(trees)
    assert relative_difference(sums, whole) > MEAN_OF_MEANS


@pytest.fixture(scope="module")
def of_two_processes(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all gradients of two gloo processes."""
    folder = tmp_path_factory.mktemp("gradients")
    script = Path(__file__).with_name("training_ranks.py")
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    result = subprocess.run(
        [sys.executable, *torchrun, str(script), str(weights), str(folder)],
        check=False,
        capture_output=True,
        text=True,
        env=SINGLE_THREAD,
    )
    assert result.returncode == 0, result.stderr
    return folder


@CASES
@pytest.mark.parametrize("parallel", PARALLELS)
def test_gradient_invariance_on_two_processes(
    name: Name, dtype: Dtype, parallel: str, weights: Path, of_two_processes: Path
):
    _, whole = _case(name, dtype, weights)
    for share in shares(dtype):
        found = load_file(of_two_processes / f"{dtype} {parallel} {name} {share}.safetensors")
        assert relative_difference(found, whole) <= TOLERANCES[dtype], share
    wrong = load_file(of_two_processes / f"{dtype} {parallel} {name} mean of means.safetensors")
    assert relative_difference(wrong, whole) > MEAN_OF_MEANS
