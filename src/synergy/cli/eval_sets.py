"""What `--on` and `--data` name: benchmarks, the pocket, files and hub data sets."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from synergy.config.data import FileDataConfig, HubDataConfig
from synergy.config.load import build
from synergy.config.protocol import ProtocolConfig
from synergy.data.load import open_data
from synergy.data.tables import tables_sha256
from synergy.errors import InputError
from synergy.evaluation.benchmark_sets import open_set
from synergy.evaluation.evaluation_set import EvaluationSet
from synergy.evaluation.examples_set import examples_set

if TYPE_CHECKING:
    from synergy.cli.eval_options import AskOptions

FILE, HUB = "file", "hub"
TABLES = (FILE, HUB)  #: names beside those of benchmarks


def open_sets(options: "AskOptions", names: Sequence[str], protocol: ProtocolConfig) -> list[EvaluationSet]:
    """All of them before anything is sampled: a file that is missing is not found out after hours.

    Raises InputError or FileError as the data's readers do.
    """
    from synergy.cli.eval_options import paths_of, split_names

    paths = paths_of(options.data, names)
    families = split_names(options.families) if options.families else None
    if options.layout is not None and not any(name in TABLES for name in names):
        raise InputError(f"--layout {options.layout} with {', '.join(names)}; expected it with --on file or --on hub")
    return [
        _table_set(name, paths.get(name), families, options)
        if name in TABLES
        else open_set(
            name,
            paths.get(name),
            limit=options.limit,
            families=families,
            is_instructed=protocol.asking.benchmark_instruction,
        )
        for name in names
    ]


def _table_set(name: str, path: Path | None, families: Sequence[str] | None, options: "AskOptions") -> EvaluationSet:
    if path is None:
        wanted = "a .parquet, .jsonl or .json file" if name == FILE else "REPOSITORY or REPOSITORY:SPLIT"
        raise InputError(f"--on {name} without --data; expected {wanted}")
    section: dict[str, object] = {"source": name, "families": families}
    section |= {} if options.layout is None else {"layout": options.layout}
    if name == FILE:
        examples = open_data(build(FileDataConfig, {**section, "path": str(path)}, label="--layout"))
        label, digest = path.stem, tables_sha256(path)
    else:
        repository, _, split = str(path).partition(":")
        named = {**section, "repository": repository, "split": split or "train"}
        examples = open_data(build(HubDataConfig, named, label="--layout"))
        label, digest = Path(repository).name, None
    safe = "".join(letter if letter.isalnum() or letter in "-._" else "-" for letter in label)
    return examples_set(examples, f"{name}-{safe}", label, data=str(path), data_sha256=digest, limit=options.limit)
