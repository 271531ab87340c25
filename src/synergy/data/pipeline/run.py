"""A pipeline's run: threads take samples through all steps; each finished one is kept, so that a kill costs little."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from synergy.config.pipeline import SERVE, PipelineConfig
from synergy.data.pipeline.asking import Asker
from synergy.data.pipeline.budget import Budget
from synergy.data.pipeline.endpoint import Endpoint
from synergy.data.pipeline.fingerprint import fingerprint
from synergy.data.pipeline.progress import Counts, Progress
from synergy.data.pipeline.replies import ReplyStore
from synergy.data.pipeline.sample import READING, UNREADABLE, Fate, Sample, StepRecord
from synergy.data.pipeline.samples import SAMPLES, SampleStore, finished
from synergy.data.pipeline.sources import Sources
from synergy.data.pipeline.steps.registry import open_steps, open_templates
from synergy.data.pipeline.steps.step import Step
from synergy.data.pipeline.stopping import Stop, Stopped
from synergy.errors import FileError

REPLIES = "replies.sqlite"
_LOOK_EVERY_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A pipeline that is ready to run; everything the user can get wrong in its document was checked."""

    config: PipelineConfig
    folder: Path
    sources: Sources
    steps: list[Step]
    replies: ReplyStore
    samples: SampleStore
    counts: Counts
    stop: Stop

    def close(self) -> None:
        """Close its files."""
        self.replies.close()
        self.samples.close()


def open_pipeline(config: PipelineConfig, folder: Path, sources: Sources, served_at: str | None = None) -> Opened:
    """Open a run in a folder, a new one or one to go on with.

    `served_at` is the url of the server that section serve asks for. Raises InputError and FileError, before anything
    is asked.
    """
    templates = open_templates(config)
    mark = fingerprint(config, templates)
    replies = ReplyStore(config.replies or folder / REPLIES)
    samples = SampleStore(folder / SAMPLES, mark)
    spent = replies.spent()
    done = len(samples.positions())
    counts = Counts(Progress(num_samples=len(sources), num_done_before=done, cost_before=spent.cost))
    stop = Stop()
    endpoints = {
        name: Endpoint(name, each, _url(each.url, served_at), stop, counts) for name, each in config.endpoints.items()
    }
    asker = Asker(endpoints, replies, Budget(config.budget, spent), counts, config.assumed)
    steps = open_steps(config, asker)
    return Opened(
        config=config,
        folder=folder,
        sources=sources,
        steps=steps,
        replies=replies,
        samples=samples,
        counts=counts,
        stop=stop,
    )


def _url(url: str, served_at: str | None) -> str:
    if url != SERVE:
        return url
    assert served_at is not None, "the config says serve, so whoever opens it serves"
    return served_at


def run_pipeline(opened: Opened, on_progress: Callable[[Progress], None]) -> Progress:
    """Take all samples that are not finished yet through the steps.

    Raises what the first thread that fails raises (InputError, FileError, BudgetSpentError), when all have ended: what
    is under way then is finished and kept.
    """
    done = opened.samples.positions()
    waiting = _Waiting(position for position in range(len(opened.sources)) if position not in done)
    num_threads = sum(endpoint.concurrency for endpoint in opened.config.endpoints.values()) or 1
    num_threads = min(num_threads, max(1, len(opened.sources) - len(done)))
    with ThreadPoolExecutor(num_threads, "pipeline") as pool:
        workers = [pool.submit(_work, opened, waiting) for _ in range(num_threads)]
        for worker in workers:
            worker.add_done_callback(lambda ended: opened.stop.set(error) if (error := ended.exception()) else None)
        try:
            while wait(workers, _LOOK_EVERY_SECONDS).not_done:
                on_progress(opened.counts.snapshot())
        finally:
            opened.stop.set()  # after Ctrl-C too: the pool then waits for what is under way, as that is paid for
    if opened.stop.error is not None:
        raise opened.stop.error
    return opened.counts.snapshot()


class _Waiting:
    """Positions, each given to one thread."""

    def __init__(self, positions: Iterator[int]) -> None:
        self._positions = positions
        self._lock = threading.Lock()

    def next(self) -> int | None:
        with self._lock:
            return next(self._positions, None)


def _work(opened: Opened, waiting: _Waiting) -> None:
    with suppress(Stopped):
        while not opened.stop.is_set and (position := waiting.next()) is not None:
            _finish(opened, position)


def _finish(opened: Opened, position: int) -> None:
    sample = _read(opened, position)
    skipped = opened.config.sources[sample.source].skip
    for step in opened.steps if not sample.records else ():
        opened.stop.check()
        if step.name in skipped:
            sample.apply(StepRecord(step=step.name, fate=Fate.PASSED_BY))
            continue
        sample.apply(step.run(sample))
        if sample.records[-1].fate is not Fate.KEPT:
            break
    ended = finished(position, sample)
    opened.samples.put(ended)
    opened.counts.add(num_done=1, num_dropped=ended.fate is Fate.DROPPED, num_failed=ended.fate is Fate.FAILED)


def _read(opened: Opened, position: int) -> Sample:
    """The sample; one that cannot be read is dropped at once, or ends the run, as the config says."""
    try:
        return opened.sources.sample(position)
    except FileError as error:
        if opened.config.unreadable == "stop":
            raise
        sample = opened.sources.blank(position)
        sample.apply(StepRecord(step=READING, fate=Fate.DROPPED, reason=UNREADABLE, details={"error": str(error)}))
        return sample
