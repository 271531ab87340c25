"""`synergy merge`: several checkpoints become one."""

import os
from pathlib import Path
from typing import Any

import click

from synergy.cli.merge_options import METHODS, MergeOptions
from synergy.cli.options import set_option

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")


@click.command(
    epilog="Example: synergy merge --method linear --model runs/rl/model=0.75 --model runs/sft/model=0.25 --out m"
)
@click.argument("config", metavar="[CONFIG]", type=click.Path(path_type=Path), required=False)
@set_option
@click.option("--method", type=click.Choice(METHODS), help="How; needs no CONFIG.")
@click.option(
    "--model", "models", multiple=True, metavar="MODEL=WEIGHT", help="Repeat for each; slerp: the one at t = 1."
)
@click.option(
    "--base", metavar="MODEL", help="What differences are to; slerp: t = 0; linear: whose small files to copy."
)
@click.option("--t", type=float, metavar="T", help="slerp: where between --base (0) and --model (1).")
@click.option("--density", type=float, metavar="SHARE", help="ties, dare: share of each difference that is kept.")
@click.option("--lambda", "scale", type=float, metavar="FACTOR", help="Factor of the merged difference.")
@click.option("--seed", type=int, metavar="N", help="dare: of what is dropped.")
@click.option("--normalize/--no-normalize", default=None, help="Divide by the sum of the weights.")
@click.option(
    "--keep", multiple=True, metavar="PREFIX=MODEL", help="Take these tensors from one model; may be repeated."
)
@click.option("--dtype", metavar="TYPE", help="Of the result: float32, bfloat16 or float16; as stored if left out.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The folder to make.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads; all cores if left out.")
def merge(config: Path | None, overrides: tuple[str, ...], out: Path, threads: int | None, **options: Any) -> None:
    """Merge checkpoints of one architecture into the folder OUT, as CONFIG or the options say.

    \b
    MODEL is a folder, a repository on the hub (name@revision for one revision) or pocket.
    CONFIG is a document of kind merge, or mergekit's YAML as far as it merges whole models.
    OUT loads with plain AutoModelForImageTextToText; merge.json there says what it was made of. Memory holds one
    tensor of each model. Run the same command again after an interruption and it goes on.
    """
    given = MergeOptions(**options)
    if (config is None) == (given.method is None) or (config is not None and given.given):
        raise click.UsageError("expected either CONFIG, changed by --set alone, or --method with its options")
    from synergy.cli.eval_display import open_display
    from synergy.config.load import build
    from synergy.config.merge import MergeConfig
    from synergy.config.merge_mergekit import load_merge

    if config is not None:
        found = load_merge(config, overrides)
    else:
        found = build(MergeConfig, given.document(), overrides, label="--method")
    import torch

    from synergy.models.merging.merge import merge_checkpoints

    if threads:
        torch.set_num_threads(threads)
    with open_display(found.merge.method, is_silent=False) as display:
        merged = merge_checkpoints(found, out, display.stage)
    if merged.was_there:
        click.echo(f"{out}: this merge is there already")
        return
    kept = f", {merged.num_kept} kept" if merged.num_kept else ""
    click.echo(f"{merged.num_merged} tensors merged{kept}: {out} ({merged.num_bytes / 1e6:,.1f} MB)")
