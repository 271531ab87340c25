"""The trainings of subjects that earned rewards, as chains."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from synergy.config.watch import DeceptionWatchConfig
from synergy.diagnostics.deception.chain import Chain, make_chain, read_lines
from synergy.diagnostics.stored import trained_by
from synergy.diagnostics.subject import Subject
from synergy.training.run_folder import RunFolder


@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """A subject's last training by rewards."""

    name: str
    chain: Chain
    watch: DeceptionWatchConfig  #: tolerance and false alarms of its own config, else the defaults


def trained(subjects: Sequence[Subject]) -> list[Trained]:
    """Those that were evaluated at least twice while they trained, each training once, under its first subject's name.

    Raises as `trained_by` for a config that is not ours.
    """
    found: dict[Path, Trained] = {}
    for subject in subjects:
        for run in reversed(subject.runs):
            of_run = found.get(run) or _of_run(subject.name, run)
            if of_run is not None:
                found.setdefault(run, of_run)
                break
    return list(found.values())


def _of_run(name: str, path: Path) -> Trained | None:
    folder = RunFolder(path)
    config = trained_by(path)
    chain = make_chain(read_lines(folder.metrics), config)
    if chain is None:
        return None
    watch = config.watch.deception if config.watch else None
    return Trained(name=name, chain=chain, watch=watch or DeceptionWatchConfig())
