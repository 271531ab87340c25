"""The phrasing of the expert that a model may have learnt by imitation."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from synergy.data.load import open_data
from synergy.diagnostics.paths.pocket_items import item_of
from synergy.diagnostics.paths.structure import phrases
from synergy.diagnostics.samples import Sample
from synergy.diagnostics.stored import trained_by
from synergy.diagnostics.subject import Subject

NUM_TRACES = 500  #: of the expert's that are read

Phrase = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Expert:
    """Whose phrasing is looked for."""

    name: str  #: for people
    phrases: frozenset[Phrase]


def expert_of(subjects: Sequence[Subject], samples: Iterable[Sample]) -> Expert | None:
    """The traces that the first SFT among the subjects' trainings was shown; else the pocket's own long ones.

    None where neither is there. Raises as `open_data` where a training's data is gone.
    """
    for subject in subjects:
        for run in subject.runs:
            config = trained_by(run)
            if config.algorithm.name == "sft":
                data = open_data(config.data)
                examples = (data[index] for index in range(min(NUM_TRACES, len(data))))
                traces = (shown.trace for example in examples for shown in example.demonstrations)
                return Expert(name=f"the traces that {subject.name} was fine-tuned on", phrases=_bank(traces))
    items = (item_of(sample) for sample in _first_problems(samples))
    found = _bank(item.long().trace for item in items if item is not None)
    return Expert(name="the pocket's expert, long traces", phrases=found) if found else None


def _bank(traces: Iterable[str]) -> frozenset[Phrase]:
    return frozenset(phrase for trace in traces for phrase in phrases(trace))


def _first_problems(samples: Iterable[Sample]) -> Iterable[Sample]:
    seen: set[str] = set()
    for sample in samples:
        if sample.problem_id not in seen:
            if len(seen) == NUM_TRACES:
                return
            seen.add(sample.problem_id)
            yield sample
