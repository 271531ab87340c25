"""What a config asks to be watched, as something to hand to `training.loop.Run`."""

from collections.abc import Callable
from dataclasses import dataclass

from synergy.config.train import TrainConfig
from synergy.diagnostics.deception.live import DeceptionWatch
from synergy.training.run_folder import RunFolder
from synergy.training.watchers import Watcher, Watchers


@dataclass(frozen=True, kw_only=True, eq=False)
class Watched:
    """A run's watchers, and what says that it is to end."""

    watcher: Watcher
    is_to_stop: Callable[[], bool]


def watched(config: TrainConfig, folder: RunFolder, watcher: Watcher, say: Callable[[str], None]) -> Watched:
    """The watcher, with what the config's section `watch` asks for beside it; `say` is told of warnings."""
    section = config.watch.deception if config.watch else None
    if section is None:
        return Watched(watcher=watcher, is_to_stop=lambda: False)
    deception = DeceptionWatch(config, section, folder, say)
    return Watched(watcher=Watchers([watcher, deception]), is_to_stop=deception.is_to_stop)
