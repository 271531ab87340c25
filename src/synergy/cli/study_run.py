"""A study from the command line: what the options mean, the plan, the run, the report."""

from dataclasses import dataclass
from pathlib import Path

import click

from synergy.cli.browser import show_page
from synergy.cli.study_display import LineDisplay, open_display
from synergy.cli.study_plan import show_plan
from synergy.config.study import StudyConfig
from synergy.diagnostics.diagnose import chosen
from synergy.diagnostics.diagnostic import LackingError
from synergy.errors import InputError, unknown_name
from synergy.studies.graph import Graph, make_graph
from synergy.studies.load import load_study
from synergy.studies.plan_file import ArmRun
from synergy.studies.runner import Runner, StudyFolder


@dataclass(frozen=True, kw_only=True)
class StudyOptions:
    """The options of `synergy study`."""

    file: Path
    overrides: tuple[str, ...]
    is_plan: bool
    arms: tuple[str, ...]
    seeds: str | None
    out: Path | None
    reuse: tuple[Path, ...]
    threads: int | None
    writes_report: bool
    opens: bool


def run_study(options: StudyOptions) -> None:
    """Plan, and unless that is all that was asked for, run and report; raises as what it calls does."""
    config = load_study(options.file, options.overrides)
    folder = StudyFolder(options.out or Path("runs") / config.name)
    chosen(config.diagnostics, runs_models=False)  # an unknown one is said now, not after the trainings
    graph = make_graph(config)
    runs = _chosen(graph, options)
    others = [_other(path) for path in options.reuse]
    if options.is_plan:
        show_plan(graph, runs, folder)
        return
    use_threads(options.threads)
    from synergy.training.processes import joined

    with joined(waits_long=True) as processes:
        if not processes.is_first:
            Runner(graph, folder, LineDisplay(), processes).run(runs)
            return
        show_plan(graph, runs, folder)
        with open_display() as display:
            Runner(graph, folder, display, processes).run(runs, reuse=others)
    if config.diagnostics:
        _diagnose(config, folder, is_whole=len(runs) == len(graph.runs))
    if options.writes_report:
        from synergy.report.page import write_report

        report = write_report(folder.path, folder.path / "report.html")
        click.echo(f"report: {report}")
        if options.opens:
            show_page(report)


def _diagnose(config: StudyConfig, folder: StudyFolder, *, is_whole: bool) -> None:
    """Ask what the study asks; of a part of its arms or seeds only what that part can answer."""
    from synergy.cli.diagnose_run import run_diagnose

    try:
        run_diagnose(
            folder.path,
            against=None,
            arms=(),
            names=config.diagnostics,
            runs_models=False,
            seed=0,
            threads=None,
            as_json=False,
        )
    except LackingError as error:
        if is_whole:
            raise
        click.echo(f"not diagnosed: {error}")


def _other(path: Path) -> StudyFolder:
    if not (path / "steps").is_dir():
        raise InputError(f"--reuse {path}: no study's folder; expected one that `synergy study` has made")
    return StudyFolder(path)


def _chosen(graph: Graph, options: StudyOptions) -> tuple[ArmRun, ...]:
    study = graph.study
    for arm in options.arms:
        if arm not in study.arms:
            raise unknown_name(f"arm of study {study.name}", arm, study.arms)
    seeds = _seeds(options.seeds, study) if options.seeds else study.seeds
    return tuple(
        run
        for run in graph.runs
        if run.seed in seeds and (not options.arms or run.arm.partition("@")[0] in options.arms)
    )


def _seeds(text: str, study: StudyConfig) -> tuple[int, ...]:
    """The seeds of an option such as "0,2"; raises InputError for others than the study has."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise InputError(f"--seeds {text}: not numbers with commas between; expected such as --seeds 0,1")
    found = tuple(int(part) for part in parts)
    missing = [seed for seed in found if seed not in study.seeds]
    if missing:
        raise InputError(
            f"--seeds {text}: study {study.name} has no seed {missing[0]}; expected some of "
            f"{', '.join(map(str, study.seeds))}: give --set seeds=[…] for others"
        )
    return found


def use_threads(threads: int | None) -> None:
    """Torch's threads, all cores if None; and libraries' bars and warnings off."""
    import warnings

    import torch
    import transformers

    if threads:
        torch.set_num_threads(threads)
    transformers.utils.logging.disable_progress_bar()  # its bars would tear our display
    warnings.filterwarnings("ignore", category=FutureWarning)  # of libraries to libraries
