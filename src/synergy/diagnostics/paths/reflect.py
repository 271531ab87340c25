"""Whether reflecting changes anything: reflections that mend, that spoil, and that are empty."""

from collections.abc import Sequence

from synergy.diagnostics.diagnostic import Inquiry
from synergy.diagnostics.finding import Cell, Finding, FindingCurve, FindingExample, Verdict
from synergy.diagnostics.paths.marking import Mark, first_examples
from synergy.diagnostics.paths.reflecting import REACH, Effect, Reflection, reflections
from synergy.diagnostics.paths.table import Features, Measure, measure_table, of_samples
from synergy.diagnostics.paths.thinking import thinking
from synergy.diagnostics.samples import Sample, read_samples
from synergy.diagnostics.subject import Subject

#: a model reflects where more than this share of its responses does (ours)
FEW = 0.01
#: its reflections are empty, or fruitless, where surely more than this share of them is (ours)
MOSTLY = 0.5
#: reflections of which fewer are compared say nothing (ours)
MIN_COMPARED = 20

_COLOURS: dict[Effect, float] = {"wrong to right": 1.0, "right to wrong": -1.0, "other": -0.5, "same": -0.2}


def reflect(inquiry: Inquiry) -> Finding:
    """A row a subject and evaluation set."""
    columns, rows = measure_table(inquiry, of_samples(features), MEASURES)
    return Finding(
        kind="finding",
        diagnostic="reflections",
        about=tuple(subject.name for subject in inquiry.subjects),
        against=inquiry.against.name if inquiry.against else None,
        method=(
            "A reflection begins with a step that has one of the study's eight keywords as a whole word. Its effect: "
            "the result stated last before it against its own, both compared with the gold answer; empty means the "
            "same result. Shares are of reflections with comparable results on both sides; a result is what follows a "
            "step's last “=”, “:”, “is” or “at”. Intermediate results count as wrong, as they are not the gold answer. "
            "95 % intervals by resampling problems."
        ),
        settings={"seed": inquiry.seed, "reach": REACH, "mostly": MOSTLY, "few": FEW, "min_compared": MIN_COMPARED},
        verdicts=tuple(verdict(row) for row in rows),
        columns=columns,
        rows=rows,
        curves=(FindingCurve(x="set", y="reflecting"), FindingCurve(x="set", y="empty")),
        examples=tuple(example for subject in inquiry.subjects for example in _examples(subject)),
    )


def features(sample: Sample) -> Features:
    """Of one response: reflections, by effect, their places, and whether it is right with and without them."""
    found = reflections(sample.text, sample.gold, sample.answer_kind)
    start, end = thinking(sample.text)
    effects = [each.effect for each in found]
    values = {
        "reflections": float(len(found)),
        "reflecting": float(bool(found)),
        "compared": float(sum(effect != "unstated" for effect in effects)),
        "places": sum((each.start - start) / max(1, end - start) for each in found),
        "right_reflecting": float(bool(found) and sample.correct),
        "not_reflecting": float(not found),
        "right_not_reflecting": float(not found and sample.correct),
    }
    return values | {effect: float(effects.count(effect)) for effect in (*_COLOURS, "unstated")}


MEASURES = (
    Measure(name="reflecting", title="responses that reflect", of="reflecting", is_compared=True),
    Measure(name="each", title="reflections a response", of="reflections", unit=""),
    Measure(name="place", title="mean place", of="places", over="reflections"),
    Measure(name="empty", title="empty", of="same", over="compared", is_compared=True),
    Measure(name="mended", title="wrong to right", of="wrong to right", over="compared"),
    Measure(name="spoiled", title="right to wrong", of="right to wrong", over="compared"),
    Measure(name="other", title="wrong to wrong", of="other", over="compared"),
    Measure(name="unstated", title="no result to compare", of="unstated", over="reflections"),
    Measure(name="right_with", title="right, reflecting", of="right_reflecting", over="reflecting"),
    Measure(name="right_without", title="right, not reflecting", of="right_not_reflecting", over="not_reflecting"),
)


def verdict(row: dict[str, Cell]) -> Verdict:
    """What one row's reflections are; fruitless ones put one wrong result for another."""
    reflecting, empty = _number(row, "reflecting"), _number(row, "empty_low")
    compared = _number(row, "responses") * _number(row, "each") * (1 - _number(row, "unstated"))
    shares = (
        f"{_percent(row, 'reflecting')} of responses reflect; of these reflections {_percent(row, 'empty')} are empty, "
        f"{_percent(row, 'mended')} go from wrong to right, {_percent(row, 'spoiled')} from right to wrong, "
        f"{_percent(row, 'other')} from wrong to wrong"
    )
    if reflecting < FEW:
        name, shares = "none", f"{_percent(row, 'reflecting')} of responses reflect"
    elif compared < MIN_COMPARED:
        name, shares = "too few", f"{compared:.0f} reflections with a result on both sides; expected {MIN_COMPARED}"
    elif empty > MOSTLY:
        name = "empty"
    elif _number(row, "mended_low") > _number(row, "spoiled_high"):
        name = "mending"
    elif _number(row, "spoiled_low") > _number(row, "mended_high"):
        name = "spoiling"
    else:
        name = "fruitless" if _number(row, "other_low") > MOSTLY else "mixed"
    return Verdict(subject=f"{row['subject']} on {row['set']}", name=name, because=f"{shares}.")


def marks(found: Sequence[Reflection]) -> list[Mark]:
    """Reflections as coloured stretches: mending ones warm, empty and spoiling ones cold."""
    return [
        Mark(
            start=each.start,
            end=each.end,
            value=_COLOURS.get(each.effect, 0.0),
            label=f"{each.before or 'nothing'} → {each.after or 'nothing'}: "
            f"{'empty' if each.effect == 'same' else each.effect}",
        )
        for each in found
    ]


def _examples(subject: Subject) -> list[FindingExample]:
    folder = next(iter(subject.responses.values()))
    wanted: tuple[Effect, ...] = ("same", "wrong to right", "right to wrong")

    def kind_of(sample: Sample) -> tuple[str, Sequence[Mark]] | None:
        found = reflections(sample.text, sample.gold, sample.answer_kind)
        kind = next((each.effect for each in found if each.effect != "unstated"), None)
        return None if kind is None else (kind, marks(found))

    return first_examples(
        read_samples(folder),
        wanted,
        kind_of,
        lambda kind, sample: f"{subject.name}, {'empty' if kind == 'same' else kind}: {sample.problem_id}",
    )


def _number(row: dict[str, Cell], name: str) -> float:
    value = row.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _percent(row: dict[str, Cell], name: str) -> str:
    return f"{100 * _number(row, name):.1f} %"
