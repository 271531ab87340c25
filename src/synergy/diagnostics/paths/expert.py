"""The phrasing of the expert that a model may have learnt by imitation."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from synergy.data.load import open_data
from synergy.diagnostics.diagnostic import Inquiry
from synergy.diagnostics.paths.pocket_items import item_of
from synergy.diagnostics.paths.structure import phrases
from synergy.diagnostics.paths.table import everyone
from synergy.diagnostics.samples import Sample, read_samples
from synergy.diagnostics.stored import trained_by
from synergy.diagnostics.subject import Subject
from synergy.diagnostics.trained_on import training_data

NUM_TRACES = 500  #: of the expert's that are read

Phrase = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Expert:
    """Whose phrasing is looked for."""

    name: str  #: for people
    phrases: frozenset[Phrase]


def expert_of(inquiry: Inquiry) -> Expert | None:
    """The traces that the first SFT among the subjects' trainings was shown; else the pocket's own long ones.

    Phrases that the model compared with says itself are no sign of anybody's manner and are taken out. None where no
    traces are known. Raises as `open_data` where a training's data is gone.
    """
    name, phrasing = _shown(inquiry.subjects) or _of_pocket(everyone(inquiry)) or ("", frozenset[Phrase]())
    if not phrasing:
        return None
    if inquiry.against is None:
        return Expert(name=name, phrases=phrasing)
    own = _bank(sample.text for folder in inquiry.against.responses.values() for sample in read_samples(folder))
    return Expert(name=f"{name}, without what {inquiry.against.name} says itself", phrases=phrasing - own)


def _shown(subjects: Sequence[Subject]) -> tuple[str, frozenset[Phrase]] | None:
    for subject in subjects:
        for run in subject.runs:
            if trained_by(run).algorithm.name == "sft":
                data = open_data(training_data(run))
                examples = (data[index] for index in range(min(NUM_TRACES, len(data))))
                traces = (shown.trace for example in examples for shown in example.demonstrations)
                return f"the traces that {subject.name} was fine-tuned on", _bank(traces)
    return None


def _of_pocket(subjects: Sequence[Subject]) -> tuple[str, frozenset[Phrase]] | None:
    folder = next((folder for subject in subjects for folder in subject.responses.values()), None)
    if folder is None:
        return None
    items = (item_of(sample) for sample in _first_problems(read_samples(folder)))
    return "the pocket's expert, long traces", _bank(item.long().trace for item in items if item is not None)


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
