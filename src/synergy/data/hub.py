"""Problems from the Hugging Face hub, through `datasets`."""

from pathlib import Path
from typing import Any

from synergy.config.data import HubDataConfig
from synergy.data.rows import TableExamples
from synergy.errors import InputError, MissingExtraError


def open_hub(config: HubDataConfig) -> TableExamples:
    """The split's problems; raises MissingExtraError without `datasets`, InputError for what cannot be loaded."""
    try:
        import datasets
    except ImportError:
        raise MissingExtraError(
            'data.source hub needs the package datasets, which is not installed: pip install "vlm-synergy[data]"'
        ) from None
    label = f"data set '{config.repository}'"
    try:
        table: Any = datasets.load_dataset(config.repository, config.name, split=config.split, revision=config.revision)
    except (OSError, ValueError, RuntimeError) as error:
        # hub errors are OSErrors, a wrong name or split is a ValueError, an unreadable script a RuntimeError
        raise InputError(f"{label}: cannot be loaded: {' '.join(str(error).split())[:300]}") from error
    columns: list[str] = table.column_names
    if "images" in columns:  # encoded bytes stay encoded: a decoded data set would not fit in memory
        table = table.cast_column("images", datasets.List(datasets.Image(decode=False)))
    folder = Path(config.repository)  # where it is one, pictures may be paths relative to it
    return TableExamples(label, columns, table.to_list(), config, folder if folder.is_dir() else Path())
