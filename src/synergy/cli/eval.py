"""`synergy eval`: one model on benchmarks, under a named protocol."""

import os
from pathlib import Path
from typing import Any

import click

from synergy.cli.eval_common import asking_options
from synergy.cli.judge_options import JudgeOptions, judge_options
from synergy.cli.options import json_option

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


@click.command(name="eval", epilog="Example: synergy eval pocket --on pocket --limit 100 --by family")
@asking_options
@click.option(
    "--by",
    multiple=True,
    type=click.Choice(["level", "family", "kind", "length"]),
    help="Show accuracy, pass@k and maj@k by this too; may be repeated.",
)
@click.option(
    "--levels",
    "levels_path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Levels of difficulty that `synergy data tag` measured, in place of the problems' own.",
)
@click.option(
    "--images",
    type=click.Choice(["shown", "blank", "swapped", "noise"]),
    default="shown",
    show_default=True,
    help="Pictures as they are, grey, another problem's, or under noise: does the model see?",
)
@click.option("--pictures/--no-pictures", default=True, help="Keep the problems' pictures as PNG files.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of responses and scores; runs/eval-… if left out.")
@judge_options
@json_option
def evaluate(**options: Any) -> None:
    """Evaluate MODEL (a folder, a hub id, or pocket) and write a score file for each benchmark.

    Run the same command again after an interruption and it goes on; what is finished is not done twice.

    \b
    In the folder, for each benchmark: responses.jsonl, samples.parquet (every response with its verdict),
    problems.jsonl and images/ (what was asked), items.jsonl (each rule's verdicts) and score.json (every rule's
    metrics and the breakdown by level, family, answer kind and length, with prompt, sampling, limit, judge, versions),
    which `synergy table` reads.
    Protocols that come along: pocket, synergy_dilemma (2507.07562), vlaa (2504.11468); a file of your own may say
    `extends: vlaa`. A truncated answer is wrong; the share of such stands beside the score.

    \b
    Examples:
      synergy eval pocket --on pocket --set num_runs=4 --by level --by length
      synergy eval pocket --on file --data problems.parquet --levels levels.json
      synergy eval pocket --on pocket --images swapped
      synergy eval pocket --on mmstar --data MMStar.tsv
      synergy eval Qwen/Qwen2.5-VL-7B-Instruct --protocol synergy_dilemma --base --model-set dtype=bfloat16
      synergy eval my-model --on mathvista --protocol vlaa --endpoint http://localhost:8000/v1
    """
    judge = JudgeOptions.taken_from(options)
    from synergy.cli.eval_options import EvalOptions
    from synergy.cli.eval_run import run_evaluation

    run_evaluation(EvalOptions(**options, judge=judge))
