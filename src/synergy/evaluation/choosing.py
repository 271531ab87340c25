"""Choosing among training problems: the table of those that stay, and why each stayed or went (`chosen.json`)."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from synergy.config.choose import ChooseConfig, LengthRule, PassCountRule, PerplexityRule, RandomRule
from synergy.data.examples import Examples
from synergy.data.load import open_data
from synergy.errors import InputError
from synergy.evaluation.distil_rows import demonstration_rows
from synergy.evaluation.examples_set import examples_set
from synergy.evaluation.gathering import Watcher
from synergy.evaluation.opening import answerer_of, asked_of, model_part_of
from synergy.evaluation.perplexity import perplexities
from synergy.evaluation.run import Evaluation
from synergy.evaluation.shards import write_whole
from synergy.evaluation.tagging import tag
from synergy.evaluation.training_table import DATA, write_table
from synergy.prompts import get_preset
from synergy.records import Purpose

CHOSEN = "chosen.json"


def choose(config: ChooseConfig, folder: Path, watcher: Watcher, *, name: str = "") -> list[str]:
    """Write `data.parquet` and `chosen.json` to `folder`; returns the ids that stay, in the order of the data.

    Raises InputError where the data has no demonstrations, where no problem stays or fewer than the rule asks for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    examples = open_data(config.data)
    if not examples.has_demonstrations:
        raise InputError("choose: data without demonstrations; expected data.trace_column")
    match config.rule:
        case PassCountRule() as rule:
            values: Mapping[str, float] = _pass_counts(config, rule, examples, folder, watcher, name)
            stay = {each for each, value in values.items() if rule.at_least <= value <= rule.at_most}
        case PerplexityRule() as rule:
            preset = get_preset(config.prompt)
            values = perplexities(
                config.model, examples, preset, lambda num_done, num: watcher.stage("perplexity", num_done, num)
            )
            stay = set(_end_of(values, rule.num_problems, from_top=rule.side == "highest"))
        case LengthRule() as rule:
            values = {each: len(examples[index].demonstrations[0].trace) for index, each in enumerate(examples.ids)}
            stay = set(_end_of(values, rule.num_problems, from_top=rule.side == "longest"))
        case RandomRule() as rule:
            drawn = np.random.default_rng(config.seed).random(len(examples))
            values = dict(zip(examples.ids, drawn.tolist(), strict=True))
            stay = set(_end_of(values, rule.num_problems, from_top=False))
    kept = [each for each in examples.ids if each in stay]
    if not kept:
        raise InputError(f"{folder}: none of {len(examples)} problems stays; expected at least one: widen the rule")
    rows = (examples[index] for index, each in enumerate(examples.ids) if each in stay)
    write_table(folder / DATA, (row for each in rows for row in demonstration_rows(each.problem, each.demonstrations)))
    found = {"by": config.rule.by, "num_problems": len(examples), "num_kept": len(kept), "values": dict(values)}
    write_whole(folder / CHOSEN, [json.dumps(found, indent=2), "\n"])
    return kept


def _pass_counts(
    config: ChooseConfig, rule: PassCountRule, examples: Examples, folder: Path, watcher: Watcher, name: str
) -> dict[str, int]:
    protocol = config.protocol(rule)
    model = model_part_of(config.model, name=name or config.model.checkpoint)
    evaluation = Evaluation(
        protocol=protocol,
        asked=asked_of(
            protocol,
            model,
            is_tuned=True,
            seed=config.seed,
            purpose=Purpose.TAG,
            problems_per_shard=config.problems_per_shard,
        ),
        answerer=answerer_of(config.model, protocol, is_tuned=True, seed=config.seed, purpose=Purpose.TAG),
        keeps_pictures=False,
    )
    levels = tag(evaluation, examples_set(examples, "choose", "Training problems"), folder, watcher).levels
    return {problem_id: each.num_correct for problem_id, each in levels.problems.items()}


def _end_of(values: Mapping[str, float], num_problems: int, *, from_top: bool) -> Sequence[str]:
    """The largest or smallest ones, of equal ones the first; raises InputError where there are too few."""
    if len(values) < num_problems:
        raise InputError(f"choose: {len(values)} problems; expected at least rule.num_problems {num_problems}")
    sign = -1 if from_top else 1
    return sorted(values, key=lambda each: sign * values[each])[:num_problems]
