"""`synergy eval`: one model on benchmarks, under a named protocol."""

import os
from pathlib import Path
from typing import Any

import click

from synergy.cli.judge_options import JudgeOptions, judge_options
from synergy.cli.options import json_option

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


@click.command(name="eval", epilog="Example: synergy eval pocket --on pocket --limit 100")
@click.argument("model", metavar="MODEL")
@click.option("--on", metavar="NAME[,NAME…]", help="The benchmarks, or pocket; the protocol's suite if left out.")
@click.option(
    "--data",
    multiple=True,
    metavar="[NAME=]PATH",
    help="A benchmark's file, such as VLMEvalKit's TSV; from the hub if left out. May be repeated.",
)
@click.option("--protocol", metavar="NAME|FILE", help="How to ask, sample and read; for MODEL pocket it is pocket.")
@click.option(
    "--set", "overrides", multiple=True, metavar="PATH=VALUE", help="Override the protocol: response.max_tokens=2048."
)
@click.option(
    "--model-set",
    "model_overrides",
    multiple=True,
    metavar="PATH=VALUE",
    help="How to load: dtype=bfloat16, revision=…",
)
@click.option(
    "--tuned/--base", "is_tuned", default=None, help="Which it is, where the protocol asks these differently."
)
@click.option("--name", help="What tables call the model; MODEL if left out.")
@click.option("--endpoint", metavar="URL", help="Ask an OpenAI-compatible server; MODEL is then only a name.")
@click.option("--endpoint-model", metavar="NAME", help="The model's name on that server; MODEL if left out.")
@click.option("--endpoint-key", metavar="VARIABLE", help="The environment variable that holds the server's key.")
@click.option(
    "--endpoint-concurrency", type=click.IntRange(1), default=16, show_default=True, help="Requests to it at once."
)
@click.option(
    "--backend", type=click.Choice(["local", "vllm"]), default="local", show_default=True, help="What samples here."
)
@click.option("--limit", type=click.IntRange(1), help="Only the first so many problems of each benchmark.")
@click.option("--families", metavar="NAME[,NAME…]", help="Of benchmark pocket: these kinds of task alone.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of everything sampled.")
@click.option(
    "--shard", "problems_per_shard", type=click.IntRange(1), default=128, show_default=True, help="Problems per shard."
)
@click.option("--retry-failed", is_flag=True, help="Ask again for what a server did not answer.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of responses and scores; runs/eval-… if left out.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads; all cores if left out.")
@judge_options
@json_option
def evaluate(**options: Any) -> None:
    """Evaluate MODEL (a folder, a hub id, or pocket) and write a score file for each benchmark.

    Run the same command again after an interruption and it goes on; what is finished is not done twice.

    \b
    In the folder, for each benchmark: responses.jsonl, items.jsonl (the verdicts on each response) and score.json
    (every rule's metrics with prompt, sampling, limit, judge, versions), which `synergy table` reads.
    Protocols that come along: pocket, synergy_dilemma (2507.07562), vlaa (2504.11468); a file of your own may say
    `extends: vlaa`. A truncated answer is wrong; the share of such stands beside the score.

    \b
    Examples:
      synergy eval pocket --on mmstar --data MMStar.tsv
      synergy eval Qwen/Qwen2.5-VL-7B-Instruct --protocol synergy_dilemma --base --model-set dtype=bfloat16
      synergy eval my-model --on mathvista --protocol vlaa --endpoint http://localhost:8000/v1
    """
    judge = JudgeOptions.taken_from(options)
    from synergy.cli.eval_options import EvalOptions
    from synergy.cli.eval_run import run_evaluation

    run_evaluation(EvalOptions(**options, judge=judge))
