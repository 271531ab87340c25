"""The same merges by mergekit, where it is installed; run with mergekit 0.1.5 (LOG.md)."""

from pathlib import Path
from typing import Any

import pytest
import torch
from merging_cases import all_tensors, perturbed
from torch import Tensor

from synergy.config.merge_mergekit import from_mergekit
from synergy.models.merging.merge import merge_checkpoints
from synergy.models.merging.names import canonical

mergekit_config = pytest.importorskip("mergekit.config")
mergekit_merge = pytest.importorskip("mergekit.merge")
mergekit_options = pytest.importorskip("mergekit.options")


@pytest.fixture(scope="module")
def models(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("models")
    names = {name: perturbed(weights, folder / name, seed) for seed, name in enumerate(("rl", "sft", "third"))}
    return {**names, "base": str(weights)}


def both(document: dict[str, Any], tmp_path: Path) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Ours and mergekit's, by canonical names."""
    theirs = tmp_path / "theirs"
    mergekit_merge.run_merge(
        mergekit_config.MergeConfiguration.model_validate(document),
        str(theirs),
        mergekit_options.MergeOptions(quiet=True),
    )
    merge_checkpoints(from_mergekit(document, "document"), tmp_path / "ours")
    left, right = (
        {canonical(name): each for name, each in all_tensors(folder).items()} for folder in (tmp_path / "ours", theirs)
    )
    assert left.keys() == right.keys()
    return left, right


def weighted(models: dict[str, str], **parameters: float) -> list[dict[str, Any]]:
    shares = {"rl": 0.75, "sft": 0.4, "third": -0.2}
    return [{"model": models[name], "parameters": {"weight": share, **parameters}} for name, share in shares.items()]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("method", ["linear", "task_arithmetic", "dare_linear", "dare_ties"])
def test_sums(method: str, normalize: bool, dtype: str, models: dict[str, str], tmp_path: Path) -> None:
    document: dict[str, Any] = {
        "models": weighted(models),
        "merge_method": method,
        "parameters": {"normalize": normalize},
        "dtype": "float32",
        "out_dtype": dtype,
    }
    if method != "linear":
        document["base_model"] = models["base"]
        document["parameters"]["lambda"] = 0.7
    ours, theirs = both(document, tmp_path)
    for name, tensor in ours.items():
        assert torch.allclose(
            tensor.float(), theirs[name].float(), rtol=1e-6 if dtype == "float32" else 2**-7, atol=1e-7
        )


@pytest.mark.parametrize("t", [0.0, 0.25, 1.0])
def test_slerp(t: float, models: dict[str, str], tmp_path: Path) -> None:
    inputs = [{"model": models[name]} for name in ("sft", "rl")]
    document = {"models": inputs, "merge_method": "slerp", "base_model": models["rl"], "parameters": {"t": t}}
    ours, theirs = both(document, tmp_path)
    for name, tensor in ours.items():
        assert torch.allclose(tensor, theirs[name], rtol=1e-6, atol=1e-7)


def test_ties_but_for_equal_magnitudes(models: dict[str, str], tmp_path: Path) -> None:
    """Of entries of one magnitude at the threshold mergekit keeps any, ours the first."""
    inputs = weighted(models, density=0.4)
    ours, theirs = both({"models": inputs, "merge_method": "ties", "base_model": models["base"]}, tmp_path)
    stored = {name: all_tensors(folder) for name, folder in models.items()}
    for name in stored["base"]:
        apart = ~torch.isclose(ours[canonical(name)], theirs[canonical(name)], rtol=1e-6, atol=1e-7)
        at_threshold = torch.zeros_like(apart)
        for model in ("rl", "sft", "third"):
            magnitudes = (stored[model][name] - stored["base"][name]).abs()
            num_kept = max(1, int(0.4 * magnitudes.numel()))
            at_threshold |= magnitudes == magnitudes.flatten().topk(num_kept).values[-1]
        assert not bool((apart & ~at_threshold).any())


def test_dare_rescales_alike(models: dict[str, str], tmp_path: Path) -> None:
    inputs = [{"model": models["rl"], "parameters": {"weight": 1.0, "density": 0.3}}]
    document = {"models": inputs, "merge_method": "dare_linear", "base_model": models["base"]}
    base, model = all_tensors(models["base"]), all_tensors(models["rl"])
    for found in both(document, tmp_path):
        num_kept = 0
        for name, start in base.items():
            delta, merged = model[name] - start, found[canonical(name)] - start
            keeps = merged != 0
            num_kept += int(keeps.sum())
            factor = delta.abs().sum() / delta[keeps].abs().sum()
            assert torch.allclose(merged[keeps], delta[keeps] * factor, rtol=1e-3, atol=1e-6)
        share = num_kept / sum(each.numel() for each in base.values())
        assert share == pytest.approx(0.3, abs=0.005)
