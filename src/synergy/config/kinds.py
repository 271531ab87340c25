"""The kinds of config document, by the name that a file gives as its `kind`."""

from collections.abc import Sequence
from pathlib import Path

from synergy.config.base import Config
from synergy.config.build import PocketBuildConfig
from synergy.config.choose import ChooseConfig
from synergy.config.distil import DistilConfig
from synergy.config.filters import FilterConfig
from synergy.config.load import draft, validate
from synergy.config.merge import MergeConfig
from synergy.config.pipeline import PipelineConfig
from synergy.config.protocol import ProtocolConfig
from synergy.config.study import StudyConfig
from synergy.config.train import TrainConfig
from synergy.config.tuning import TuneConfig
from synergy.errors import InputError, nearest

KINDS: dict[str, type[Config]] = {
    "choose": ChooseConfig,
    "merge": MergeConfig,
    "distil": DistilConfig,
    "pipeline": PipelineConfig,
    "filter": FilterConfig,
    "pocket_build": PocketBuildConfig,
    "protocol": ProtocolConfig,
    "study": StudyConfig,
    "train": TrainConfig,
    "tune": TuneConfig,
}


def load_any(path: Path, overrides: Sequence[str] = ()) -> Config:
    """The config in a file of any kind; raises as `load` does, and InputError for an unknown kind."""
    found = draft(path, overrides)
    kind, expected = str(found.values.get("kind", "")), f"expected one of: {', '.join(KINDS)}"
    if not kind:
        raise InputError(f"{path}: missing key 'kind', which says what the file describes; {expected}")
    if kind not in KINDS:
        origin = found.origin(("kind",))
        raise InputError(f"{origin}: unknown kind '{kind}'{nearest(kind, KINDS)}; {expected}")
    return validate(found, KINDS[kind])
