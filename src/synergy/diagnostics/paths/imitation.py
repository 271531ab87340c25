"""Whose reasoning is imitation: the expert's manner without what the expert's reasoning does.

2504.11468 shows "pseudo reasoning paths" by example and does not define them. Ours: imitation is asserted where a model
speaks the expert's phrases clearly more often than the model it is compared with, *and* what it says does no work: its
right answers mostly come after false steps; or its reflections are mostly empty while what it states is less often true
than what the other states. Empty reflections alone are no imitation: an expert who looks twice and was right has them.
"""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from synergy.diagnostics.diagnostic import Inquiry, LackingError
from synergy.diagnostics.finding import Cell, Finding, FindingColumn, FindingExample, Verdict
from synergy.diagnostics.paths import reflect, rigidity, truth
from synergy.diagnostics.paths.expert import Expert, expert_of
from synergy.diagnostics.paths.marking import marked
from synergy.diagnostics.paths.reflecting import reflections
from synergy.diagnostics.paths.statements import statements
from synergy.diagnostics.paths.structure import phrases
from synergy.diagnostics.paths.table import Features, Measure, everyone, measure_table, of_samples
from synergy.diagnostics.samples import Sample, read_samples

NEARER = 0.1  #: by how much more of its phrases must be the expert's (ours)
MOSTLY = 0.5  #: of reflections, of right answers (ours)
NUM_CANDIDATES = 300  #: right answers among which the example is looked for
FEW = reflect.FEW

PHRASES, EMPTY, BY_FALSE, LESS_TRUE = "expert's phrases", "empty reflections", "right by false steps", "less true"


def imitation(inquiry: Inquiry) -> Finding:
    """A row a subject and evaluation set; raises LackingError where no expert's traces are known."""
    assert inquiry.against is not None  # `needs_against`
    expert = expert_of(inquiry)
    if expert is None:
        raise LackingError("no expert's traces; expected an SFT among the trainings, or problems of the pocket")

    def features(sample: Sample) -> Features:
        return {**rigidity.features(sample, expert), **reflect.features(sample), **truth.features(sample)}

    columns, rows = measure_table(inquiry, of_samples(features), MEASURES)
    judged = tuple(row | signs(row) for row in rows)
    folders = {(subject.name, on): folder for subject in everyone(inquiry) for on, folder in subject.responses.items()}
    return Finding(
        kind="finding",
        diagnostic="imitation",
        about=tuple(subject.name for subject in inquiry.subjects),
        against=inquiry.against.name,
        method=(
            f"Imitation: phrases that are those of {expert.name}, surely {100 * NEARER:g} points more often than with "
            f"{inquiry.against.name}, and either right answers of which surely more than {100 * MOSTLY:g} % come after "
            f"a false step that stands, or reflections of which surely more than {100 * MOSTLY:g} % are empty while "
            "statements are surely less often true or mended than there. The signs and bounds are ours. 95 % "
            "intervals by resampling problems."
        ),
        settings={"seed": inquiry.seed, "nearer": NEARER, "mostly": MOSTLY, "few": FEW},
        verdicts=tuple(verdict(row) for row in judged if row["subject"] != inquiry.against.name),
        columns=(*columns, FindingColumn(name="signs", title="signs")),
        rows=judged,
        examples=tuple(
            example
            for row in judged
            if row["subject"] != inquiry.against.name
            for example in _examples(str(row["subject"]), folders[str(row["subject"]), str(row["set"])], expert)
        ),
    )


MEASURES = (
    Measure(name="accuracy", title="right", of="is_right", is_compared=True),
    Measure(name="expert", title="phrases that are the expert's alone", of="expert", over="phrases", is_compared=True),
    Measure(name="reflecting", title="responses that reflect", of="reflecting", is_compared=True),
    Measure(name="empty", title="empty reflections", of="same", over="compared"),
    Measure(name="true", title="statements true or mended", of="true_or_mended", over="statements", is_compared=True),
    Measure(name="right_by_false", title="of right answers, after a false step", of="right_by_false", over="right"),
)


def signs(row: dict[str, Cell]) -> dict[str, Cell]:
    """Which signs a row shows, in words."""
    found = [
        *([PHRASES] if _bound(row, "expert_change_low") > NEARER else []),
        *([EMPTY] if _bound(row, "reflecting_low") > FEW and _bound(row, "empty_low") > MOSTLY else []),
        *([BY_FALSE] if _bound(row, "right_by_false_low") > MOSTLY else []),
        *([LESS_TRUE] if _bound(row, "true_change_high") < 0 else []),
    ]
    return {"signs": ", ".join(found)}


def verdict(row: dict[str, Cell]) -> Verdict:
    """What a row's signs add up to."""
    found = str(row["signs"]).split(", ")
    is_idle = BY_FALSE in found or (EMPTY in found and LESS_TRUE in found)
    if PHRASES in found:
        name = "imitation" if is_idle else "the expert's manner"
    else:
        name = "idle steps" if is_idle else "its own"
    return Verdict(
        subject=f"{row['subject']} on {row['set']}",
        name=name,
        because=(
            f"The expert's phrases {_said(row, 'expert_change', '+')} points; empty reflections {_said(row, 'empty')} "
            f"% where {_said(row, 'reflecting')} % of responses reflect; {_said(row, 'right_by_false')} % of right "
            f"answers come after a false step; {_said(row, 'true')} % of statements are true or mended."
        ),
    )


def _examples(name: str, folder: Path, expert: Expert) -> list[FindingExample]:
    """The right answer that most looks like reasoning and least is: the expert's phrases, an empty reflection, a false
    step that stands."""
    best: tuple[float, Sample] | None = None
    right = (sample for sample in read_samples(folder) if sample.correct)
    for sample in islice(right, NUM_CANDIDATES):
        said = phrases(sample.text)
        stated, _ = statements(sample)
        num_false = sum(not each.true and not each.mended for each in stated)
        empty = sum(each.effect == "same" for each in reflections(sample.text, sample.gold, sample.answer_kind))
        share = sum(phrase in expert.phrases for phrase in said) / len(said) if said else 0.0
        score = share * (min(num_false, 3) + min(empty, 1))
        if score > 0 and (best is None or score > best[0]):
            best = score, sample
    if best is None:
        return []
    return [_shown(name, best[1])]


def _shown(name: str, sample: Sample) -> FindingExample:
    found = truth.marks(sample.text, statements(sample)[0])
    taken: Sequence[tuple[int, int]] = [(mark.start, mark.end) for mark in found]
    for mark in reflect.marks(reflections(sample.text, sample.gold, sample.answer_kind)):
        if all(mark.end <= start or mark.start >= end for start, end in taken):
            found.append(mark)
    return marked(sample, sorted(found, key=lambda mark: mark.start), f"{name}, a right answer: {sample.problem_id}")


def _bound(row: dict[str, Cell], name: str) -> float:
    value = row.get(name)
    return value if isinstance(value, float) else 0.0


def _said(row: dict[str, Cell], name: str, sign: str = "") -> str:
    value = row.get(name)
    return f"{100 * value:{sign}.1f}" if isinstance(value, float) else "–"
