"""What the outcome of samples depends on: another fingerprint is another pipeline."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synergy.config.data import DataConfig, FileDataConfig, HubDataConfig
from synergy.config.pipeline import PipelineConfig
from synergy.config.pipeline_steps import FunctionConfig
from synergy.data.pipeline.templates import PromptTemplate
from synergy.data.tables import tables_sha256, tree_sha256
from synergy.file_hash import file_sha256

VERSION = 1  #: raised when the same config would give other outcomes

#: no part of what steps do
_OF_SOURCE = ("assumed", "most_rl", "most_sft", "pool")
_OF_STEP = ("assumed_kept", "assumed_completion_tokens", "assumed_rl", "template")


def fingerprint(config: PipelineConfig, templates: Mapping[str, PromptTemplate]) -> str:
    """The hash, in hex, of sources, steps, prompts, models, functions and tables.

    Where a model is served and what it costs are no part of it. Raises FileError for files that cannot be read.
    """
    values: dict[str, Any] = {
        "version": VERSION,
        "sources": {
            name: source.model_dump(mode="json", exclude=set(_OF_SOURCE)) for name, source in config.sources.items()
        },
        "tables": {name: _tables(source.data) for name, source in config.sources.items()},
        "steps": [step.model_dump(mode="json", exclude=set(_OF_STEP)) for step in config.steps],
        "models": {name: endpoint.model for name, endpoint in config.endpoints.items()},
        "templates": {name: template.text for name, template in templates.items()},
        "functions": [
            file_sha256(Path(step.path.rpartition(":")[0])) for step in config.steps if isinstance(step, FunctionConfig)
        ],
        "unreadable": config.unreadable,
    }
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _tables(data: DataConfig) -> str | None:
    if isinstance(data, FileDataConfig):
        return tables_sha256(data.path)
    if isinstance(data, HubDataConfig) and Path(data.repository).is_dir():
        return tree_sha256(Path(data.repository))
    return None
