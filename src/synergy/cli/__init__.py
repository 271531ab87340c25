"""The command line `synergy`: one file a verb, each imported only when it is called.

Imports nothing but click at `synergy --help`. An error that a user can mend is one line and exit status 2.
"""

import os
import re
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from synergy import __version__
from synergy.cli.lazy import Interrupted, LazyGroup, Verb
from synergy.errors import SynergyError

VERBS = {
    "study": Verb("synergy.cli.study:study", "Train every arm of a study, evaluate by difficulty, report."),
    "tune": Verb("synergy.cli.tune:tune", "Choose a study's learning rates, every arm with the same budget."),
    "show": Verb("synergy.cli.show:show", "Print what a study, a run or a score holds."),
    "train": Verb("synergy.cli.train:train", "Train one model by SFT or RL, on the pocket or other problems."),
    "eval": Verb("synergy.cli.eval:evaluate", "Evaluate one model on benchmarks, under a named protocol."),
    "score": Verb("synergy.cli.score:score", "Grade saved responses by every rule, side by side."),
    "table": Verb("synergy.cli.table:table", "Put score files in one table, if they were made alike."),
    "distil": Verb("synergy.cli.distil:distil", "Keep a model's own right answers as data to train on."),
    "merge": Verb("synergy.cli.merge:merge", "Merge checkpoints: linear, slerp, ties, dare, task arithmetic."),
    "compare": Verb("synergy.cli.compare:compare", "Compare the weights of two checkpoints, tensor by tensor."),
    "diagnose": Verb("synergy.cli.diagnose:diagnose", "Ask what happened to a study's models, or to one run."),
    "data": Verb("synergy.cli.data:data", "Make, check, tag, split and convert reasoning data."),
    "export": Verb("synergy.cli.export:export", "Write an arm for LLaMA-Factory, verl or EasyR1, to rerun it there."),
    "report": Verb("synergy.cli.report:report", "Write a study's report: one HTML page that needs nothing else."),
    "pocket": Verb("synergy.cli.pocket:pocket", "Show, export, build or describe the built-in tiny model."),
    "diff": Verb("synergy.cli.diff:diff", "Compare two configs: exactly the fields that differ."),
    "doctor": Verb("synergy.cli.doctor:doctor", "Check this machine: versions, accelerator, optional parts."),
}


@click.group(cls=LazyGroup, verbs=VERBS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def synergy() -> None:
    """Controlled studies of SFT, RL and their combinations for reasoning vision-language models.

    \b
    Example:
      synergy doctor          is everything in place?
      synergy diff --help     what a command does, with an example
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status; errors go to stderr as one line."""
    try:
        return synergy.main(list(arguments), prog_name="synergy", standalone_mode=False) or 0
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()  # a group without a command: its help is the message
        return error.exit_code
    except Interrupted:
        return _fail("interrupted", 130)
    except click.UsageError as error:
        hint = f"; see '{error.ctx.command_path} --help'" if error.ctx else ""
        return _fail(error.format_message().removesuffix(".") + hint, 2)
    except (click.ClickException, SynergyError) as error:
        return _fail(str(error), 2)


def _fail(message: str, status: int) -> int:
    line = re.sub(r"\s*\n\s*", " ", message)  # click lists choices on lines of their own
    click.echo(f"synergy: error: {line}", err=True)
    return status


def main() -> NoReturn:
    """The entry point of the `synergy` command."""
    status = run(sys.argv[1:])
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has left, as in `synergy … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    sys.exit(status)
