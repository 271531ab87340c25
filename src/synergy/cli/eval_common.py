"""Options that verbs share which ask a model: which model, on what, under which protocol, where to."""

from collections.abc import Callable
from typing import Any

import click

from synergy.cli.options import layout_option

_OPTIONS = (
    click.option(
        "--on", metavar="NAME[,NAME…]", help="Benchmarks, pocket, file or hub; the protocol's suite if left out."
    ),
    click.option(
        "--data",
        multiple=True,
        metavar="[NAME=]PATH",
        help="A benchmark's file, such as VLMEvalKit's TSV (from the hub if left out); for file a .parquet, .jsonl or "
        ".json, for hub REPOSITORY[:SPLIT]. May be repeated.",
    ),
    layout_option,
    click.option("--protocol", metavar="NAME|FILE", help="How to ask, sample and read; for MODEL pocket it is pocket."),
    click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="PATH=VALUE",
        help="Override the protocol: response.max_tokens=2048.",
    ),
    click.option(
        "--model-set",
        "model_overrides",
        multiple=True,
        metavar="PATH=VALUE",
        help="How to load: dtype=bfloat16, revision=…",
    ),
    click.option(
        "--tuned/--base", "is_tuned", default=None, help="Which it is, where the protocol asks these differently."
    ),
    click.option("--name", help="What tables call the model; MODEL if left out."),
    click.option("--endpoint", metavar="URL", help="Ask an OpenAI-compatible server; MODEL is then only a name."),
    click.option("--endpoint-model", metavar="NAME", help="The model's name on that server; MODEL if left out."),
    click.option("--endpoint-key", metavar="VARIABLE", help="The environment variable that holds the server's key."),
    click.option(
        "--endpoint-concurrency", type=click.IntRange(1), default=16, show_default=True, help="Requests to it at once."
    ),
    click.option(
        "--backend", type=click.Choice(["local", "vllm"]), default="local", show_default=True, help="What samples here."
    ),
    click.option("--limit", type=click.IntRange(1), help="Only the first so many problems of each benchmark."),
    click.option("--families", metavar="NAME[,NAME…]", help="Of pocket, file and hub: these kinds of task alone."),
    click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of everything sampled."),
    click.option(
        "--shard",
        "problems_per_shard",
        type=click.IntRange(1),
        help="Problems sampled together, held in memory and lost by a kill; 512 if left out, 128 on a server.",
    ),
    click.option("--retry-failed", is_flag=True, help="Ask again for what a server did not answer."),
    click.option("--threads", type=click.IntRange(1), help="CPU threads; all cores if left out."),
)


def asking_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options and its argument MODEL."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return click.argument("model", metavar="MODEL")(command)
