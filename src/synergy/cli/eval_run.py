"""An evaluation from the command line: what the options mean, one benchmark after the other, what is shown."""

import json
from pathlib import Path

import click

from synergy.cli.eval_breakdown import show_breakdown
from synergy.cli.eval_display import open_display
from synergy.cli.eval_model import asking_model, model_part
from synergy.cli.eval_options import AskOptions, EvalOptions, benchmarks_of, protocol_of
from synergy.cli.eval_sets import open_sets
from synergy.cli.score_display import show_score, summary
from synergy.cli.table import show_table
from synergy.config.protocol import ProtocolConfig
from synergy.evaluation.comparable import Labelled
from synergy.evaluation.corrupted_set import renamed
from synergy.evaluation.levels_file import read_levels
from synergy.evaluation.locking import locked
from synergy.evaluation.opening import asked_of
from synergy.evaluation.request import Asked, default_folder
from synergy.evaluation.run import Evaluation
from synergy.evaluation.scoring import SCORE
from synergy.evaluation.tables import make_table
from synergy.records import Purpose


def run_evaluation(options: EvalOptions) -> None:
    """Evaluate on each benchmark in turn; raises as what it calls does, before sampling where that can be."""
    protocol = protocol_of(options)
    names = benchmarks_of(options, protocol)
    levels = read_levels(options.levels_path) if options.levels_path else None
    asked = asked_by(options, protocol, Purpose.EVALUATE)
    evaluation = Evaluation(
        protocol=protocol,
        asked=asked,
        answerer=asking_model(options, protocol),
        judge=options.judge.open(protocol.judge),
        levels=levels,
        keeps_pictures=options.pictures,
    )
    out = options.out or default_folder(asked)
    sets = [renamed(each, options.images, protocol) for each in open_sets(options, names, protocol)]
    scores: list[Labelled] = []
    with locked(out):
        for on in sets:
            folder = out / on.name
            with open_display(on.title, is_silent=options.as_json) as display:
                evaluated = evaluation.evaluate(on, folder, display, retry_failed=options.retry_failed)
            scores.append(Labelled(str(folder / SCORE), evaluated.score))
            if not options.as_json:
                if evaluated.was_finished:
                    click.echo(f"{folder}: finished already")
                show_score(evaluated.score, folder / SCORE)
                show_breakdown(evaluated.score, options.by)
    if options.as_json:
        click.echo(json.dumps([summary(score, Path(label)) for label, score in scores], indent=2))
    elif len(scores) > 1:
        show_table(make_table(scores))


def asked_by(options: AskOptions, protocol: ProtocolConfig, purpose: Purpose) -> Asked:
    """What responses will depend on; raises InputError where the options leave something open."""
    return asked_of(
        protocol,
        model_part(options),
        is_tuned=options.is_tuned,
        seed=options.seed,
        purpose=purpose,
        problems_per_shard=options.shard,
    )
