"""Self-distillation: a model answers problems, and what is right becomes a table to train on (`data.parquet`).

Random numbers are those of `Purpose.DISTIL`. Run again after a kill, it goes on.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from synergy.config.distil import DistilConfig
from synergy.data.examples import Examples
from synergy.data.load import open_data
from synergy.errors import InputError
from synergy.evaluation.answerer import Answerer
from synergy.evaluation.distil_counts import COUNTS, DistilCounts, Solved, count, read_counts, sorted_out, write_counts
from synergy.evaluation.distil_rows import demonstration_rows, response_rows
from synergy.evaluation.examples_set import examples_set
from synergy.evaluation.gathering import Watcher
from synergy.evaluation.opening import answerer_of, asked_of, model_part_of
from synergy.evaluation.run import Evaluation
from synergy.evaluation.score_file import ModelPart
from synergy.evaluation.training_table import DATA, write_table
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
    """Sample, grade and write `data.parquet` and `counts.json` to `folder`; returns the counts, from disk if there.

    `name` is what files call the model; `answerer` takes its place in tests. Raises InputError where nothing is left to
    train on, where the folder holds another distillation, and what data and model raise.
    """
    examples = open_data(config.data)
    if config.unsolved == "demonstrate" and not examples.has_demonstrations:
        raise InputError("unsolved: demonstrate with data without demonstrations; expected data.trace_column")
    protocol = config.protocol
    model = model_part_of(config.model, name=name or config.model.checkpoint, backend=config.backend)
    evaluation = Evaluation(
        protocol=protocol,
        asked=asked_of(
            protocol,
            model,
            is_tuned=True,
            seed=config.seed,
            purpose=Purpose.DISTIL,
            problems_per_shard=config.problems_per_shard,
        ),
        answerer=answerer
        or answerer_of(
            config.model, protocol, is_tuned=True, seed=config.seed, purpose=Purpose.DISTIL, backend=config.backend
        ),
        keeps_pictures=False,
    )
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
    write_table(folder / DATA, _rows(solved, examples, config))
    write_counts(counts, folder)
    return counts


def _rows(solved: Mapping[str, Solved], examples: Examples, config: DistilConfig) -> Iterator[dict[str, object]]:
    """In the order of the problems; images are decoded for those that are in the table."""
    for index, problem_id in enumerate(examples.ids):
        kept = solved[problem_id].kept
        if kept:
            yield from response_rows(examples[index].problem, kept, config.keep)
        elif config.unsolved == "demonstrate":
            example = examples[index]
            yield from demonstration_rows(example.problem, example.demonstrations)


def _stored(folder: Path, config: DistilConfig, model: ModelPart) -> DistilCounts | None:
    """The counts of this very distillation, if it was finished."""
    if not (folder / DATA).exists() or not (folder / COUNTS).exists():
        return None
    found = read_counts(folder)
    return found if (found.config, found.model) == (config, model) else None
