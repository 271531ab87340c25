"""`synergy pocket serve`: the pocket's exact server."""

import click

from synergy.cli.pocket_options import problem_options
from synergy.config.pipeline import FaultsConfig
from synergy.errors import InputError, unknown_name
from synergy.pocket.families import TRAINING_FAMILIES
from synergy.pocket.server.http import PocketServer
from synergy.pocket.server.index import Index
from synergy.pocket.server.models import ExactModels
from synergy.pocket.tasks import LEVELS
from synergy.pocket.world import items


@click.command(epilog="Example: synergy pocket serve --num 500 --fault wrong_answer=0.1")
@problem_options
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 for any free one.")
@click.option("--latency", type=click.FloatRange(0), default=0.0, help="Seconds that each reply takes.")
@click.option(
    "--fault", "faults", multiple=True, metavar="NAME=SHARE", help="Plant this fault in a share of replies; repeat."
)
def serve(
    split: str,
    num: int,
    families: tuple[str, ...],
    levels: tuple[int, ...],
    seed: int,
    port: int,
    latency: float,
    faults: tuple[str, ...],
) -> None:
    """Serve four exact models of pocket problems at an OpenAI-compatible address, until interrupted.

    pocket-captioner, pocket-solver, pocket-rewriter and pocket-verifier read the messages of `synergy data pipeline`
    and find their problem by pixels, caption and question. Faults: wrong_answer, says_caption, long_rewrite,
    malformed, refusal.
    """
    known = items(split, num, families=families or TRAINING_FAMILIES, levels=levels or LEVELS, seed=seed)
    with PocketServer(ExactModels(Index(known), _faults(faults)), port, latency) as server:
        click.echo(f"{num} problems at {server.url}; Ctrl-C ends it")
        server.serve_forever()


def _faults(given: tuple[str, ...]) -> FaultsConfig:
    values: dict[str, float] = {}
    names = [name for name in FaultsConfig.model_fields if name != "seed"]
    for text in given:
        name, _, share = text.partition("=")
        if name not in names:
            raise unknown_name("fault", name, names)
        try:
            values[name] = float(share)
        except ValueError:
            values[name] = -1.0
        if not 0 <= values[name] <= 1:
            raise InputError(f"--fault {text}: expected NAME=SHARE with a share from 0 to 1, such as {name}=0.1")
    return FaultsConfig.model_validate(values)
