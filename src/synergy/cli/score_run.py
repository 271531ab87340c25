"""Re-scoring from the command line."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from synergy.benchmarks.registry import get_benchmark
from synergy.cli.eval_display import open_display
from synergy.cli.judge_options import JudgeOptions
from synergy.cli.score_display import show_score, summary
from synergy.errors import InputError
from synergy.evaluation.benchmark_sets import POCKET, check_names, open_set, set_of
from synergy.evaluation.differing import differing, differing_line
from synergy.evaluation.evaluation_set import EvaluationSet
from synergy.evaluation.locking import locked
from synergy.evaluation.responses import Response
from synergy.evaluation.saved import Saved, match, own_problems, read_saved
from synergy.evaluation.score_file import ModelPart
from synergy.evaluation.scoring import SCORE, make_score, write_scored
from synergy.evaluation.shards import write_whole
from synergy.evaluation.verdicts import LENIENT, STRICT, GradedResponse, GradingRules, grade_responses
from synergy.file_hash import file_sha256
from synergy.prompts import get_preset
from synergy.records import Problem

_SHOWN_DIFFERENCES = 20
_DIFFERING = "differing.jsonl"


@dataclass(frozen=True, kw_only=True)
class ScoreOptions:
    """The command's options as they were given."""

    file: Path
    benchmark: str
    data: Path | None
    columns: tuple[str, ...]
    preset: str | None
    truncated_is_wrong: bool
    name: str | None
    out: Path | None
    judge: JudgeOptions
    as_json: bool


def run_scoring(options: ScoreOptions) -> None:
    """Grade a file of responses; raises as what it calls does."""
    check_names([options.benchmark])
    extraction = get_preset(options.preset) if options.preset else None
    saved, on, problems, pairs = matched_responses(options.file, options.benchmark, options.data, options.columns)
    judge = options.judge.open(None)
    if judge is not None and options.data is None and saved.columns.question is None and on.name != POCKET:
        raise InputError(
            f"{options.file}: no column of questions, which a judge has to read; expected one: give the benchmark's "
            "data with --data PATH, or name the column with --column question=NAME"
        )
    rules = GradingRules(
        extraction=extraction,
        truncated_is_wrong=options.truncated_is_wrong,
        official=on.official,
        judge=judge,
    )
    with open_display(on.title, is_silent=options.as_json) as display:
        graded = grade_responses(pairs, rules, display.stage)
    score = make_score(
        graded, asked=on, problems=problems, model=model_of_file(options.name or options.file.stem), rules=rules
    )
    path = None
    if options.out is not None:
        path = options.out / SCORE
        with locked(options.out):
            write_scored(options.out, score, graded, problems)
            write_whole(options.out / _DIFFERING, map(differing_line, differing(graded)))
    if options.as_json:
        click.echo(json.dumps({**summary(score, path), "columns": str(saved.columns)}, indent=2))
        return
    click.echo(f"columns: {saved.columns}")
    if saved.num_cut:
        click.echo(f"{saved.num_cut} responses are as long as an xlsx cell can be: they were probably cut when written")
    show_score(score, path)
    _show_differing(differing(graded), options.out)


def matched_responses(
    file: Path, benchmark: str, data: Path | None, columns: Sequence[str]
) -> tuple[Saved, EvaluationSet, list[Problem], list[tuple[Problem, Response]]]:
    """A file of responses, what it answers, the problems without pictures, and each with its responses.

    `columns` are ROLE=NAME; raises as what it calls does.
    """
    saved = read_saved(file, _given(columns))
    on, problems, ids = _matched(file, benchmark, data, saved)
    return saved, on, problems, match(saved, ids, problems)


def _given(texts: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        role, equals, column = text.partition("=")
        if not equals or not column:
            raise InputError(f"--column {text}: expected ROLE=NAME, such as response=my_column")
        found[role] = column
    return found


def _matched(
    file: Path, benchmark: str, data: Path | None, saved: Saved
) -> tuple[EvaluationSet, list[Problem], list[str]]:
    """What is evaluated on, its problems without pictures, and the problem's id of each row."""
    if benchmark == POCKET:
        ids = saved.ids()
        on = open_set(POCKET, data, limit=len(set(ids)))
        return on, on.texts(), ids
    if data is not None:
        on = open_set(benchmark, data)
        return on, on.texts(), saved.ids()
    known = get_benchmark(benchmark)
    problems, ids = own_problems(saved, known)
    on = set_of(known, problems, data=f"the columns of {saved.label}", data_sha256=file_sha256(file))
    return on, problems, ids


def model_of_file(name: str) -> ModelPart:
    """What score files say of a model whose responses somebody saved."""
    return ModelPart(
        name=name,
        checkpoint=None,
        revision=None,
        weights_sha256=None,
        dtype=None,
        backend="file",
        served_as=None,
    )


def _show_differing(items: Sequence[GradedResponse], out: Path | None) -> None:
    if not items:
        click.echo("all rules agree on every response")
        return
    click.echo(f"{len(items)} responses on which the rules differ:")
    for item in items[:_SHOWN_DIFFERENCES]:
        click.echo(f"  {item.problem.id}: gold {_short(item.problem.answer)}; {_verdicts(item)}")
    if len(items) > _SHOWN_DIFFERENCES:
        rest = f"{len(items) - _SHOWN_DIFFERENCES} more"
        click.echo(f"  {rest} in {out / _DIFFERING}" if out else f"  {rest}; give --out FOLDER for all of them")
    elif out:
        click.echo(f"  {out / _DIFFERING}")


def _verdicts(item: GradedResponse) -> str:
    """Each rule's verdict with what it read; the lenient one only where it is another than the strict one."""
    shown = dict(item.verdicts)
    if shown[LENIENT].status is shown[STRICT].status:
        del shown[LENIENT]
    read = {name: "" if each.extracted is None else f": {_short(each.extracted)}" for name, each in shown.items()}
    return "; ".join(f"{name} {each.status} ({each.rule}{read[name]})" for name, each in shown.items())


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:37]}..."
