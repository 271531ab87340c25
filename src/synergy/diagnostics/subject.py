"""What a diagnostic looks at: one model with what is stored of it. Reads nothing by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A model, how it was trained and what it answered; whatever is not stored is None or empty."""

    name: str  #: the arm's, or the folder's
    recipe: str = ""  #: of the arm; empty where it is no arm
    seed: int = 0
    model: Path | None = None  #: a Hugging Face folder
    runs: tuple[Path, ...] = ()  #: folders of its trainings in order, the last one made the model
    responses: Mapping[str, Path] = field(default_factory=dict)  #: by evaluation set, folders with samples.parquet
