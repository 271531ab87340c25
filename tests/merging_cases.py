"""Small checkpoints to merge: of a few numbers, and the pocket model with noise on its weights."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

VOCABULARY = {"a": 0, "b": 1}


def write_checkpoint(
    folder: Path, tensors: Mapping[str, Tensor], *, vocabulary: Mapping[str, int] = VOCABULARY, **config: object
) -> str:
    """A folder with these weights and as little else as merging looks at; its name."""
    folder.mkdir()
    save_file(
        {name: each.clone() for name, each in tensors.items()}, folder / "model.safetensors", metadata={"format": "pt"}
    )
    (folder / "config.json").write_text(json.dumps({"model_type": "tiny", "architectures": ["Tiny"], **config}))
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": dict(vocabulary)}, "added_tokens": []}))
    return str(folder)


def perturbed(weights: Path, folder: Path, seed: int, *, dtype: torch.dtype = torch.float32) -> str:
    """The pocket model, each weight with noise of a fiftieth of its tensor's spread."""
    shutil.copytree(weights, folder)
    noise = torch.Generator().manual_seed(seed)
    tensors = load_file(folder / "model.safetensors")
    changed = {
        name: (each + 0.02 * each.std() * torch.randn(each.shape, generator=noise)).to(dtype)
        for name, each in tensors.items()
    }
    save_file(changed, folder / "model.safetensors", metadata={"format": "pt"})
    return str(folder)


def all_tensors(folder: Path | str) -> dict[str, Tensor]:
    """What transformers would read, from one file or several."""
    found: dict[str, Tensor] = {}
    for path in sorted(Path(folder).glob("*.safetensors")):
        with safe_open(path, framework="pt") as file:
            found |= {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    return found


def same_bits(left: Mapping[str, Tensor], right: Mapping[str, Tensor]) -> bool:
    """Whether names, types and all bits are the same."""
    return left.keys() == right.keys() and all(
        left[name].dtype == right[name].dtype
        and torch.equal(left[name].flatten().view(torch.uint8), right[name].flatten().view(torch.uint8))
        for name in left
    )
