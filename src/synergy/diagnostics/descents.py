"""Which models RL made of which SFT checkpoints."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from synergy.config.train import TrainConfig
from synergy.diagnostics.stored import trained_by
from synergy.diagnostics.subject import Subject


@dataclass(frozen=True, kw_only=True, eq=False)
class Descent:
    """An SFT checkpoint that was evaluated itself, and the model that RL went on to from it."""

    sft: Subject
    rl: Subject
    sft_config: TrainConfig
    rl_config: TrainConfig

    @property
    def num_seen(self) -> int:
        """Demonstrations that SFT went through, repeated ones counted again."""
        return self.sft_config.train.num_steps * self.sft_config.train.problems_per_step


def descents(subjects: Sequence[Subject]) -> list[Descent]:
    """All of them, in the order of the models after RL."""
    configs = {run: trained_by(run) for subject in subjects for run in subject.runs}
    checkpoints = {subject.runs[-1]: subject for subject in subjects if _ends_in(subject, configs, imitates=True)}
    found: list[Descent] = []
    for subject in subjects:
        if len(subject.runs) < 2 or not _ends_in(subject, configs, imitates=False):
            continue
        first, last = subject.runs[-2:]
        if first in checkpoints and _began_from(configs[last], first):
            found.append(
                Descent(sft=checkpoints[first], rl=subject, sft_config=configs[first], rl_config=configs[last])
            )
    return found


def _ends_in(subject: Subject, configs: dict[Path, TrainConfig], *, imitates: bool) -> bool:
    return bool(subject.runs) and configs[subject.runs[-1]].imitates is imitates


def _began_from(config: TrainConfig, run: Path) -> bool:
    """Whether a run began from the model in another's folder, by its name: a study's folder may have been moved."""
    return Path(config.model.checkpoint).parent.name == run.name
