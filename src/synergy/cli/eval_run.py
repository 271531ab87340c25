"""An evaluation from the command line: what the options mean, one benchmark after the other, what is shown."""

import json
from pathlib import Path

import click

from synergy.cli.eval_display import open_display
from synergy.cli.eval_model import answerer_of, model_part
from synergy.cli.eval_options import EvalOptions, benchmarks_of, paths_of, protocol_of, split_names
from synergy.cli.score_display import show_score, summary
from synergy.cli.table import show_table
from synergy.config.protocol import ProtocolConfig
from synergy.evaluation.asking import prompt_of
from synergy.evaluation.benchmark_sets import open_set
from synergy.evaluation.comparable import Labelled
from synergy.evaluation.locking import locked
from synergy.evaluation.request import Asked, default_folder
from synergy.evaluation.run import Evaluation
from synergy.evaluation.scoring import SCORE
from synergy.evaluation.tables import make_table


def run_evaluation(options: EvalOptions) -> None:
    """Evaluate on each benchmark in turn; raises as what it calls does, before sampling where that can be."""
    protocol = protocol_of(options)
    names = benchmarks_of(options, protocol)
    paths = paths_of(options.data, names)
    prompt_of(protocol, is_tuned=options.is_tuned)  # refuses what is left open
    asked = _asked(options, protocol)
    judge = options.judge.open(protocol.judge)
    evaluation = Evaluation(protocol=protocol, asked=asked, answerer=answerer_of(options, protocol), judge=judge)
    out = options.out or default_folder(asked)
    families = split_names(options.families) if options.families else None
    # all of them first: a file that is missing is not found out after hours of sampling
    sets = [
        open_set(
            name,
            paths.get(name),
            limit=options.limit,
            families=families,
            is_instructed=protocol.asking.benchmark_instruction,
        )
        for name in names
    ]
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
    if options.as_json:
        click.echo(json.dumps([summary(score, Path(label)) for label, score in scores], indent=2))
    elif len(scores) > 1:
        show_table(make_table(scores))


def _asked(options: EvalOptions, protocol: ProtocolConfig) -> Asked:
    asked_as = None
    if protocol.asking.tells_models_apart:
        asked_as = "tuned" if options.is_tuned else "base"
    return Asked(
        kind="evaluation",
        model=model_part(options),
        asking=protocol.asking,
        asked_as=asked_as,
        response=protocol.response,
        num_runs=protocol.num_runs,
        images=protocol.images,
        seed=options.seed,
        problems_per_shard=options.problems_per_shard,
    )
