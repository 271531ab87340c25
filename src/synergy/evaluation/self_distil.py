"""Distillation: a model answers problems, and what is right becomes a table to train on (`data.parquet`).

A share of the problems may go to `validation.parquet`. `by_problem.jsonl` has what became of each.

Random numbers are those of `Purpose.DISTIL`. Run again after a kill, it goes on.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from synergy.config.distil import DistilConfig
from synergy.data.examples import Examples
from synergy.data.load import open_data
from synergy.data.parts import place
from synergy.errors import InputError
from synergy.evaluation.answerer import Answerer
from synergy.evaluation.distil_counts import (
    COUNTS,
    DistilCounts,
    Solved,
    count,
    read_counts,
    sorted_out,
    write_by_problem,
    write_counts,
)
from synergy.evaluation.distil_rows import demonstration_rows, response_rows
from synergy.evaluation.examples_set import examples_set
from synergy.evaluation.from_config import evaluation_of
from synergy.evaluation.gathering import Watcher
from synergy.evaluation.score_file import ModelPart
from synergy.evaluation.training_table import DATA, VALIDATION, write_table
from synergy.prompts import get_preset
from synergy.records import Purpose


def self_distil(
    config: DistilConfig,
    folder: Path,
    watcher: Watcher,
    *,
    name: str = "",
    answerer: Callable[[], Answerer] | None = None,
) -> DistilCounts:
    """Sample, grade and write the tables and `counts.json` to `folder`; returns the counts, from disk if there.

    `name` is what files call the model; `answerer` takes its place in tests. Raises InputError where nothing is left to
    train on, where the folder holds another distillation, and what data and model raise.
    """
    examples = open_data(config.data)
    if config.unsolved == "demonstrate" and not examples.has_demonstrations:
        raise InputError("unsolved: demonstrate with data without demonstrations; expected data.trace_column")
    protocol = config.protocol
    evaluation = evaluation_of(config, protocol, Purpose.DISTIL, name=name, answerer=answerer)
    model = evaluation.asked.model
    gathering = evaluation.gather(examples_set(examples, "distil", "Self-distillation"), folder)
    if gathering.was_complete and (stored := _stored(folder, config, model)):
        return stored
    graded = evaluation.grade(gathering, watcher)
    solved = sorted_out(graded, get_preset(config.prompt), config)
    counts = count(graded, solved, examples, config, model)
    if not counts.num_rows:
        raise InputError(
            f"{folder}: none of {counts.num_responses} responses is right and well laid out ({counts.num_correct} "
            "right, whatever the layout); expected at least one: another model, or unsolved: demonstrate"
        )
    (folder / COUNTS).unlink(missing_ok=True)  # of another choice: a kill must not leave them beside new tables
    write_by_problem(solved, folder)
    num_validation = 0
    if config.validation_share:
        held_out = _rows(solved, examples, config, lambda problem_id: _is_held_out(problem_id, config))
        num_validation = write_table(folder / VALIDATION, held_out)
    trained_on = _rows(solved, examples, config, lambda problem_id: not _is_held_out(problem_id, config))
    num_train = write_table(folder / DATA, trained_on)
    if not num_train or (config.validation_share and not num_validation):
        raise InputError(
            f"{folder}: validation_share {config.validation_share} of {counts.num_rows} rows leaves {num_train} to "
            f"train on and {num_validation} to validate; expected some of both: another share, or more problems"
        )
    counts = counts.model_copy(update={"num_validation_rows": num_validation})
    write_counts(counts, folder)
    return counts


def _is_held_out(problem_id: str, config: DistilConfig) -> bool:
    return place(problem_id) >= 1 - config.validation_share


def _rows(
    solved: Mapping[str, Solved], examples: Examples, config: DistilConfig, is_wanted: Callable[[str], bool]
) -> Iterator[dict[str, object]]:
    """In the order of the problems; images are decoded for those that are in the table."""
    for index, problem_id in enumerate(examples.ids):
        if not is_wanted(problem_id):
            continue
        kept = solved[problem_id].kept
        if kept:
            yield from response_rows(examples[index].problem, kept, config.keep)
        elif config.unsolved == "demonstrate":
            example = examples[index]
            yield from demonstration_rows(example.problem, example.demonstrations)


def _stored(folder: Path, config: DistilConfig, model: ModelPart) -> DistilCounts | None:
    """The counts of this very distillation, if it was finished."""
    wanted = (DATA, COUNTS, *((VALIDATION,) if config.validation_share else ()))
    if not all((folder / name).exists() for name in wanted):
        return None
    found = read_counts(folder)
    return found if (found.config, found.model) == (config, model) else None
