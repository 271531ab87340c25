"""How many samples each step let through and why it dropped the others, by source; the shape of the study's table 1."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synergy.config.pipeline import PipelineConfig
from synergy.config.pipeline_steps import step_name
from synergy.data.pipeline.pools import NO_TRACE, OVER, Pools
from synergy.data.pipeline.sample import READING, Fate
from synergy.data.pipeline.samples import Finished
from synergy.data.pipeline.steps.split import CUES, CUES_AS_WORDS


@dataclass(kw_only=True)
class StepCounts:
    """What one step did to the samples of one source."""

    num_in: int = 0
    num_passed_by: int = 0  #: of these: the source skips the step
    num_failed: int = 0  #: of these: no answer could be had
    dropped: Counter[str] = field(default_factory=Counter)  #: of these, by reason

    @property
    def num_out(self) -> int:
        """Those that go on."""
        return self.num_in - self.num_failed - self.dropped.total()


@dataclass(kw_only=True)
class SourceCounts:
    """One source's samples from the first step to the pools."""

    steps: dict[str, StepCounts]
    num_in: int = 0
    num_kept: int = 0  #: by all steps
    pools: Counter[str] = field(default_factory=Counter)  #: "rl", "sft", and why others of the kept are in neither

    @property
    def num_failed(self) -> int:
        """Samples without an answer."""
        return sum(step.num_failed for step in self.steps.values())


@dataclass(kw_only=True)
class Funnel:
    """All sources, and the cues that were found."""

    sources: dict[str, SourceCounts]
    cues: Counter[str] = field(default_factory=Counter)  #: traces by keyword, inside other words too
    cues_as_words: Counter[str] = field(default_factory=Counter)  #: traces by keyword standing alone
    num_split: int = 0  #: traces that a split step saw
    num_with_cue: int = 0
    num_with_cue_as_word: int = 0

    @property
    def num_failed(self) -> int:
        """Samples without an answer, of all sources."""
        return sum(source.num_failed for source in self.sources.values())

    def as_json(self) -> dict[str, Any]:
        """For funnel.json."""
        return {
            "sources": {name: _source_json(source) for name, source in self.sources.items()},
            "cues": {
                "num_traces": self.num_split,
                "num_with_a_cue": self.num_with_cue,
                "num_with_a_cue_as_whole_word": self.num_with_cue_as_word,
                "traces_by_cue": dict(self.cues.most_common()),
                "traces_by_cue_as_whole_word": dict(self.cues_as_words.most_common()),
            },
        }


def count_funnel(config: PipelineConfig, samples: Iterable[Finished], pools: Pools) -> Funnel:
    """Count finished samples."""
    names = [READING, *(step_name(step) for step in config.steps)]
    funnel = Funnel(
        sources={name: SourceCounts(steps={step: StepCounts() for step in names}) for name in config.sources}
    )
    for sample in samples:
        source = funnel.sources[sample.source]
        source.num_in += 1
        _count_steps(source, sample, names)
        _count_cues(funnel, sample)
        if sample.fate is Fate.KEPT:
            source.num_kept += 1
            source.pools[pools.of(sample.key) or ""] += 1
    return funnel


def _count_steps(source: SourceCounts, sample: Finished, names: Sequence[str]) -> None:
    records = {each["step"]: each for each in sample.steps}
    for name in names:
        step = source.steps[name]
        step.num_in += 1
        record = records.get(name)
        if record is None:
            if sample.fate is not Fate.KEPT and sample.step == READING:
                return
            continue
        step.num_passed_by += record["fate"] == Fate.PASSED_BY
        step.num_failed += record["fate"] == Fate.FAILED
        if record["fate"] == Fate.DROPPED:
            step.dropped[record["reason"]] += 1
        if record["fate"] in (Fate.DROPPED, Fate.FAILED):
            return


def _count_cues(funnel: Funnel, sample: Finished) -> None:
    for record in sample.steps:
        details: Mapping[str, Any] = record["details"]
        if CUES in details:
            funnel.num_split += 1
            funnel.num_with_cue += bool(details[CUES])
            funnel.num_with_cue_as_word += bool(details[CUES_AS_WORDS])
            funnel.cues.update(details[CUES])
            funnel.cues_as_words.update(details[CUES_AS_WORDS])


def _source_json(source: SourceCounts) -> dict[str, Any]:
    return {
        "num_in": source.num_in,
        "steps": [
            {
                "step": name,
                "num_in": step.num_in,
                "num_out": step.num_out,
                "num_passed_by": step.num_passed_by,
                "num_failed": step.num_failed,
                "dropped": dict(sorted(step.dropped.items())),
            }
            for name, step in source.steps.items()
        ],
        "num_kept": source.num_kept,
        "num_rl": source.pools["rl"],
        "num_sft": source.pools["sft"],
        "num_over_the_limits": source.pools[OVER],
        "num_without_trace": source.pools[NO_TRACE],
    }
