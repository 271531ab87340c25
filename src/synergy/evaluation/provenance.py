"""What a score was made with: package versions, hashes of weights and data."""

import hashlib
from importlib import metadata
from pathlib import Path

from synergy import __version__
from synergy.file_hash import file_sha256

_PACKAGES = ("torch", "transformers", "tokenizers", "numpy", "pillow", "math-verify", "sympy", "datasets", "vllm")


def packages() -> dict[str, str]:
    """Versions of ours and of what sampling and grading depend on, as installed."""
    found = {"vlm-synergy": __version__}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def weights_sha256(checkpoint: str) -> str | None:
    """The sha256, in hex, over config.json and all safetensors files of a folder; None for a hub id."""
    folder = Path(checkpoint)
    if not folder.is_dir():
        return None
    digest = hashlib.sha256()
    for path in [folder / "config.json", *sorted(folder.glob("*.safetensors"))]:
        digest.update(f"{path.name}\0{file_sha256(path)}\0".encode())
    return digest.hexdigest()
