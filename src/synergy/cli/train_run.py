"""A training run from the command line: its folder, its processes, its display."""

import warnings
from pathlib import Path

import torch
import transformers

from synergy.cli.train_display import open_display
from synergy.config.load import load
from synergy.config.train import TrainConfig
from synergy.diagnostics.watching import watched
from synergy.training.checks import check_config
from synergy.training.loop import Run
from synergy.training.prepare import Prepared, prepare
from synergy.training.processes import Processes, joined, stopping_together
from synergy.training.run_folder import RunFolder, default_folder
from synergy.training.sinks import open_sinks
from synergy.training.watchers import Watchers


def run_config(path: Path, overrides: tuple[str, ...], out: Path | None, threads: int | None) -> None:
    """Train as the file says, or say that this was done already."""
    if threads:
        torch.set_num_threads(threads)
    transformers.utils.logging.disable_progress_bar()  # its bars would tear our display
    warnings.filterwarnings("ignore", category=FutureWarning)  # of libraries to libraries
    config = load(path, TrainConfig, overrides)
    check_config(config)
    folder = RunFolder(out or default_folder(path, config))
    with joined() as processes:
        _run(config, folder, processes)


def _run(config: TrainConfig, folder: RunFolder, processes: Processes) -> None:
    prepared = _prepared(config, folder, processes)
    if prepared is None:
        return
    display = open_display(config)
    watcher = Watchers([display, *open_sinks(config, folder.path)] if processes.is_first else [])
    if not processes.is_first:
        Run(config, prepared, folder, watcher).run()
        return
    with folder.locked():
        try:
            seen = watched(config, folder, watcher, display.warned)
            summary = Run(config, prepared, folder, seen.watcher, seen.is_to_stop).run()
        except BaseException:
            watcher.ended("stopped")  # a live display would swallow the line that says why
            raise
    display.summarise(folder, summary)


def _prepared(config: TrainConfig, folder: RunFolder, processes: Processes) -> Prepared | None:
    """The parts of the run; None where it is finished."""
    with stopping_together(processes):
        if processes.is_first:
            folder.check(config)
    if processes.gather(folder.is_finished)[0]:
        if processes.is_first:
            print(f"{folder.path}: finished already; see {folder.summary}")
        return None
    with stopping_together(processes):
        prepared = prepare(config, processes)
        if processes.is_first:  # not before: a mended config may then have the same folder
            folder.create(config)
    return prepared
