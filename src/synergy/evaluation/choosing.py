"""Choosing among training problems: the table of those that stay, and why each stayed or went (`chosen.json`)."""

import json
from pathlib import Path

import numpy as np

from synergy.config.choose import ChooseConfig, LengthRule, RandomRule
from synergy.data.examples import Examples
from synergy.data.load import open_data
from synergy.errors import InputError
from synergy.evaluation.deciding import Decision, decide, keep_one_end
from synergy.evaluation.distil_rows import demonstration_rows
from synergy.evaluation.gathering import Watcher
from synergy.evaluation.shards import write_whole
from synergy.evaluation.training_table import DATA, write_table

CHOSEN = "chosen.json"


def choose(config: ChooseConfig, folder: Path, watcher: Watcher, *, name: str = "") -> list[str]:
    """Write `data.parquet` and `chosen.json` to `folder`; returns the ids that stay, in the order of the data.

    Raises InputError where the data has no demonstrations, where no problem stays or fewer than the rule asks for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    examples = open_data(config.data)
    if not examples.has_demonstrations:
        raise InputError("choose: data without demonstrations; expected data.trace_column")
    decision = _decide(config, examples, folder, watcher, name)
    kept = [each for each in examples.ids if each not in decision.gone]
    if not kept:
        raise InputError(f"{folder}: none of {len(examples)} problems stays; expected at least one: widen the rule")
    rows = (examples[index] for index, each in enumerate(examples.ids) if each not in decision.gone)
    write_table(folder / DATA, (row for each in rows for row in demonstration_rows(each.problem, each.demonstrations)))
    found = {
        "by": config.rule.by,
        "num_problems": len(examples),
        "num_kept": len(kept),
        "values": dict(decision.values),
    }
    write_whole(folder / CHOSEN, [json.dumps(found, indent=2), "\n"])
    return kept


def _decide(config: ChooseConfig, examples: Examples, folder: Path, watcher: Watcher, name: str) -> Decision:
    match config.rule:
        case LengthRule() as rule:
            lengths = {each: len(examples[index].demonstrations[0].trace) for index, each in enumerate(examples.ids)}
            return keep_one_end(lengths, rule.num_problems, rule.side)
        case RandomRule() as rule:
            drawn = np.random.default_rng(config.seed).random(len(examples))
            return keep_one_end(dict(zip(examples.ids, drawn.tolist(), strict=True)), rule.num_problems, "drawn")
        case rule:
            return decide(rule, config, examples, folder, watcher, name=name)
