"""Watching a run's reward while it trains: a warning with step and evidence where the chain breaks, or an end.

Knows its state from metrics.jsonl alone, so it goes on after an interruption as if there was none.
"""

from collections.abc import Callable
from dataclasses import asdict

from synergy.config.train import TrainConfig
from synergy.config.watch import DeceptionWatchConfig
from synergy.diagnostics.deception.breaks import Break, breaks_after, find_breaks
from synergy.diagnostics.deception.chain import Line, make_chain, read_lines
from synergy.training.run_folder import RunFolder, write_json
from synergy.training.watchers import Metrics, Start


class DeceptionWatch:
    """A watcher (`synergy.training.watchers`) of one run."""

    def __init__(
        self, config: TrainConfig, watch: DeceptionWatchConfig, folder: RunFolder, say: Callable[[str], None]
    ) -> None:
        """`say` is told of each warning, a line."""
        self._config = config
        self._watch = watch
        self._folder = folder
        self._say = say
        self._lines: list[Line] = []
        self._breaks: dict[str, Break] = {}

    def started(self, start: Start) -> None:
        """Read what was measured before an interruption."""
        self._lines = read_lines(self._folder.metrics)
        chain = make_chain(self._lines, self._config)
        found = find_breaks(chain, self._watch) if chain is not None else []
        self._breaks = {each.ahead: each for each in found}
        self._write()

    def sampling(self, num_responses: int, num_tokens: int) -> None:
        """Nothing is known yet."""

    def stepped(self, step: int, metrics: Metrics) -> None:
        """Keep what the attempts of the step earned."""
        self._lines.append({"step": step, "kind": "train", **metrics})

    def evaluated(self, step: int, metrics: Metrics) -> None:
        """Look at the chain again."""
        self._lines.append({"step": step, "kind": "evaluation", **metrics})
        chain = make_chain(self._lines, self._config)
        if chain is None:
            return
        new = [each for each in breaks_after(chain, len(chain.steps), self._watch) if each.ahead not in self._breaks]
        for each in new:
            self._breaks[each.ahead] = each
            self._say(f"warning, {each.word}: {each.because}")
        if new:
            self._write()

    def ended(self, message: str) -> None:
        """All is written."""

    def is_to_stop(self) -> bool:
        """Whether the run is to end."""
        return self._watch.stop and bool(self._breaks)

    def _write(self) -> None:
        if self._breaks or self._folder.warnings.exists():
            write_json(self._folder.warnings, {"warnings": [asdict(each) for each in self._breaks.values()]})
