"""What a model was trained on, as its runs' configs say."""

from pathlib import Path

import pyarrow.parquet as pq

from synergy.config.data import DataConfig, FileDataConfig, PocketDataConfig
from synergy.diagnostics.stored import trained_by
from synergy.diagnostics.subject import Subject
from synergy.pocket import TRAINING_FAMILIES


def training_data(run: Path) -> DataConfig:
    """The data section, with the table of another step where it is now if a study was moved with it."""
    data = trained_by(run).data
    if isinstance(data, FileDataConfig) and not data.path.exists():
        beside = run.parent / data.path.parent.name / data.path.name
        if beside.exists():
            return data.model_copy(update={"path": beside})
    return data


def made_by_one_run(subject: Subject) -> bool:
    """Whether its last run started from no model of the earlier ones, such as one that only gave it data."""
    *earlier, last = subject.runs
    return Path(trained_by(last).model.checkpoint).parent.name not in {run.name for run in earlier}


def trained_families(subject: Subject) -> frozenset[str] | None:
    """The families of task in the data of all its runs; None where that is not known."""
    if not subject.runs:
        return None
    found: set[str] = set()
    for run in subject.runs:
        families = _families(training_data(run))
        if families is None:
            return None
        found |= set(families)
    return frozenset(found)


def _families(data: DataConfig) -> list[str] | None:
    if data.families is not None:
        return list(data.families)
    if isinstance(data, PocketDataConfig):
        return list(TRAINING_FAMILIES)
    if isinstance(data, FileDataConfig) and _has_families(data.path):
        families = pq.read_table(data.path, columns=["family"])["family"].unique().to_pylist()
        return [each for each in families if each]
    return None


def _has_families(path: Path) -> bool:
    return path.suffix == ".parquet" and path.exists() and "family" in pq.read_schema(path).names
