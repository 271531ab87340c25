"""Shared by all tests: tensor shapes are checked while they run, and nothing asks a hub for anything."""

import os
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
if "PYTEST_XDIST_WORKER" in os.environ:  # workers beside each other: threads of one would wait for those of the other
    os.environ["OMP_NUM_THREADS"] = "1"

# from here on, jaxtyping annotations of these packages are checked at every call
_CHECKED = ("pocket.build", "statistics", "algorithms", "models", "sampling", "training", "diagnostics")
_hook = install_import_hook([f"synergy.{name}" for name in _CHECKED], "shape_checker.checked")


@pytest.fixture(scope="session")
def weights() -> Path:
    """The shipped pocket model's folder."""
    from synergy.pocket.shipped import WEIGHTS

    return WEIGHTS


@pytest.fixture(scope="session")
def untrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model after a handful of steps, built and written as a real one is."""
    from synergy.pocket.build.run import finish, load_size, open_building_folder, train

    config = load_size("tiny", tuple(f"stages.{stage}.num_steps=2" for stage in ("cells", "pictures", "answers")))
    out = tmp_path_factory.mktemp("models") / "untrained"
    folder = open_building_folder(config, out)
    training = train(config, folder)
    try:
        while True:
            next(training)
    except StopIteration as stopped:
        finish(stopped.value, folder, out, {"README.md": "untrained"})
    return out
