"""A click group whose commands are imported when called, not when listed."""

from importlib import import_module
from typing import Any, NamedTuple

import click

from synergy.errors import unknown_name


class Verb(NamedTuple):
    """Where a command is and what the group's help says of it."""

    target: str  #: "module:attribute"
    summary: str


class Interrupted(Exception):
    """The user ended a command by Ctrl-C or Ctrl-D; caught where the command line starts."""


class LazyGroup(click.Group):
    """A group of verbs given as a table; `--help` reads the table alone."""

    def __init__(self, *args: Any, verbs: dict[str, Verb], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.verbs = verbs

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the table's order."""
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the verb; None where the table has none of that name."""
        if cmd_name not in self.verbs:
            return None
        module, attribute = self.verbs[cmd_name].target.split(":")
        return getattr(import_module(module), attribute)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but an unknown verb is our own one-line error with the nearest name."""
        if args[0] not in self.verbs and not ctx.resilient_parsing:
            raise unknown_name("command", args[0], self.verbs)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, verb.summary) for name, verb in self.verbs.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; an interruption leaves as `Interrupted`, before click prints an empty line for it."""
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, EOFError, click.Abort):
            raise Interrupted from None
