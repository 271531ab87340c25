"""`synergy pocket`: the built-in visual world and its tiny model."""

import click

from synergy.cli.lazy import LazyGroup, Verb

VERBS = {
    "show": Verb("synergy.cli.pocket_show:show", "Draw a contact sheet of problems to look at."),
    "export": Verb("synergy.cli.pocket_export:export", "Write problems, pictures and traces as parquet."),
    "serve": Verb("synergy.cli.pocket_serve:serve", "Serve exact models of problems, as an OpenAI-compatible server."),
    "blind": Verb("synergy.cli.pocket_blind:blind", "Measure how far a guesser gets without the pictures."),
    "build": Verb("synergy.cli.pocket_build:build", "Make the tiny model from nothing, in minutes."),
    "card": Verb("synergy.cli.pocket_card:card", "Measure what the tiny model can do, against its bounds."),
}


@click.group(cls=LazyGroup, verbs=VERBS)
def pocket() -> None:
    """The pocket: a procedural world of small pictures and a tiny vision-language model that lives in it.

    \b
    Example:
      synergy pocket show --family locate --level 5 --num 12 --out sheet.png
      synergy pocket export --split train --num 2000 --out pocket-data
    """
