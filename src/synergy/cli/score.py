"""`synergy score`: grading responses that somebody saved, without any model."""

from pathlib import Path
from typing import Any

import click

from synergy.cli.judge_options import JudgeOptions, judge_options
from synergy.cli.options import json_option


@click.command(epilog="Example: synergy score predictions.xlsx --benchmark mathvista --out rescored")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--benchmark", metavar="NAME", required=True, help="The benchmark that they answer.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="The benchmark's file, joined by id; the file's own columns if left out.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="ROLE=NAME",
    help="Which column is response, id, answer, question, run, stop_reason or num_tokens; may be repeated.",
)
@click.option("--preset", metavar="NAME", help="Read answers only where this prompt preset puts them.")
@click.option("--truncated-is-wrong", is_flag=True, help="By every rule; graded as they stand if left out.")
@click.option("--name", help="What tables call the model; FILE's name if left out.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for score.json, items.jsonl and differing.jsonl.")
@judge_options
@json_option
def score(**options: Any) -> None:
    """Grade the responses in FILE by every rule, side by side: ours, the benchmark authors' own, a judge's.

    FILE is JSON lines, JSON, TSV, parquet or VLMEvalKit's xlsx; columns are found by their usual names. Items that the
    rules do not agree on are listed, all of them in differing.jsonl with --out.

    \b
    Examples:
      synergy score answers.jsonl --benchmark mmstar --data MMStar.tsv
      synergy score answers.jsonl --benchmark mathvista --judge-url http://localhost:8000/v1 --judge-model judge
      synergy score answers.tsv --benchmark gsm8k --column response=my_column
    """
    judge = JudgeOptions.taken_from(options)
    from synergy.cli.score_run import ScoreOptions, run_scoring

    run_scoring(ScoreOptions(**options, judge=judge))
