"""Whether a model's steps are true, and whether its answers rest on them."""

from collections.abc import Sequence

from synergy.diagnostics.diagnostic import Inquiry
from synergy.diagnostics.finding import Finding, FindingCurve, FindingExample
from synergy.diagnostics.paths.marking import Mark, first_examples
from synergy.diagnostics.paths.statements import Statement, statements
from synergy.diagnostics.paths.table import Features, Measure, measure_table, of_samples
from synergy.diagnostics.samples import Sample, read_samples
from synergy.diagnostics.subject import Subject

_RIGHT_BY_FALSE, _WRONG_BY_TRUE = "right answer after a false step", "wrong answer after true steps alone"


def truth(inquiry: Inquiry) -> Finding:
    """A row a subject and evaluation set."""
    columns, rows = measure_table(inquiry, of_samples(features), MEASURES)
    return Finding(
        kind="finding",
        diagnostic="truth",
        about=tuple(subject.name for subject in inquiry.subjects),
        against=inquiry.against.name if inquiry.against else None,
        method=(
            "In the pocket each statement that can be read back is executed on the scene; of other problems the stated "
            "arithmetic is checked. A false step is a statement that is false and is not corrected later on. 95 % "
            "intervals by resampling problems."
        ),
        settings={"seed": inquiry.seed},
        columns=columns,
        rows=rows,
        curves=(FindingCurve(x="set", y="true"), FindingCurve(x="set", y="right_by_false")),
        examples=tuple(example for subject in inquiry.subjects for example in _examples(subject)),
    )


def features(sample: Sample) -> Features:
    """Of one response: statements, true and mended ones, and the four ways in which steps and answer go together."""
    found, is_pocket = statements(sample)
    num_false = sum(not each.true for each in found)
    num_standing = sum(not each.true and not each.mended for each in found)
    stated = bool(found)
    return {
        "is_right": float(sample.correct),
        "stating": float(stated),
        "against_pictures": float(is_pocket),
        "statements": float(len(found)),
        "true": float(len(found) - num_false),
        "false": float(num_false),
        "mended": float(num_false - num_standing),
        "standing": float(num_standing > 0),
        "true_or_mended": float(len(found) - num_standing),
        "right": float(stated and sample.correct),
        "wrong": float(stated and not sample.correct),
        "right_by_false": float(sample.correct and num_standing > 0),
        "wrong_by_true": float(not sample.correct and stated and not num_standing),
        "sound": float(sample.correct and stated and not num_standing),
    }


MEASURES = (
    Measure(name="stating", title="responses that state anything", of="stating"),
    Measure(name="each", title="statements a response", of="statements", unit=""),
    Measure(name="true", title="true statements", of="true", over="statements", is_compared=True),
    Measure(name="mended", title="false ones mended", of="mended", over="false"),
    Measure(name="right_by_false", title="of right answers, after a false step", of="right_by_false", over="right",
            is_compared=True),
    Measure(name="wrong_by_true", title="of wrong answers, after true steps alone", of="wrong_by_true", over="wrong"),
    Measure(name="sound", title="right after true steps alone, of all", of="sound"),
    Measure(name="against_pictures", title="checked against the picture", of="against_pictures"),
)  # fmt: skip


def marks(text: str, found: Sequence[Statement]) -> list[Mark]:
    """True statements warm, false ones cold, mended ones pale."""
    marks: list[Mark] = []
    position = 0
    for each in found:
        start = text.find(each.text, position)
        if start < 0:  # rewritten while it was read, as LaTeX is
            continue
        position = start + len(each.text)
        value, label = (0.4, "true") if each.true else (-0.3, "false, mended later") if each.mended else (-1.0, "false")
        marks.append(Mark(start=start, end=position, value=value, label=label))
    return marks


def _examples(subject: Subject) -> list[FindingExample]:
    folder = next(iter(subject.responses.values()))

    def kind_of(sample: Sample) -> tuple[str, Sequence[Mark]] | None:
        found, _ = statements(sample)
        if not found:
            return None
        stands = any(not each.true and not each.mended for each in found)
        kind = _RIGHT_BY_FALSE if sample.correct and stands else _WRONG_BY_TRUE
        return None if sample.correct != stands else (kind, marks(sample.text, found))

    return first_examples(
        read_samples(folder),
        (_RIGHT_BY_FALSE, _WRONG_BY_TRUE),
        kind_of,
        lambda kind, sample: f"{subject.name}, {kind}: {sample.problem_id}",
    )
