"""Shared by all tests: tensor shapes are checked while they run, and nothing asks a hub for anything."""

import os
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

# from here on, jaxtyping annotations of these packages are checked at every call
_hook = install_import_hook(["synergy.pocket.build", "synergy.statistics"], "shape_checker.checked")


@pytest.fixture(scope="session")
def weights() -> Path:
    """The shipped pocket model's folder."""
    from synergy.pocket.shipped import WEIGHTS

    return WEIGHTS
