"""Keeps libraries from writing between the lines of a benchmark, and from asking a hub for anything."""

import os
import warnings


def be_quiet() -> None:
    """To be called before transformers or TRL is imported."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_VERBOSITY"] = "error"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    warnings.filterwarnings("ignore")
