"""Whether steps inform: does a step make the gold answer likelier, if the model had to answer right after it?"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from synergy.diagnostics.diagnostic import Inquiry
from synergy.diagnostics.finding import Cell, Finding, FindingCurve, FindingExample
from synergy.diagnostics.kept import kept
from synergy.diagnostics.paths.certainty import (
    CERTAIN,
    CHANGE_BITS,
    FLOOR_BITS,
    Path,
    effect,
    gains,
    path_features,
)
from synergy.diagnostics.paths.drawn import config_of, drawn_samples
from synergy.diagnostics.paths.forcing import FORCED, Forced, force_answers
from synergy.diagnostics.paths.marking import Mark, marked
from synergy.diagnostics.paths.reflecting import reflections
from synergy.diagnostics.paths.table import RESPONSES, Measure, Sums, measure_table
from synergy.diagnostics.paths.thinking import Step, steps
from synergy.diagnostics.samples import Sample
from synergy.diagnostics.subject import Subject
from synergy.diagnostics.tokens.asked import AskedProblems
from synergy.evaluation.provenance import weights_sha256
from synergy.file_hash import file_sha256
from synergy.models.loading import load_model

NUM_RESPONSES = 200  #: of a model on a set, one a problem

_VERSION = 1
_CONCLUDES = re.compile(r"\banswer\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Walked:
    """A response with its path."""

    sample: Sample
    steps: Sequence[Step]
    path: Path


def hesitation(inquiry: Inquiry) -> Finding:
    """A row a subject and evaluation set; each model reads its own responses again."""
    examples: list[FindingExample] = []

    def sums_of(subject: Subject, on: str, folder: FilePath) -> Sums:
        walked = _walk(inquiry, subject, on, folder)
        if on == next(iter(subject.responses)):
            examples.extend(_examples(subject, walked))
        return {each.sample.problem_id: {RESPONSES: 1.0, **path_features(each.path)} for each in walked if each.steps}

    columns, rows = measure_table(inquiry, sums_of, MEASURES)
    return Finding(
        kind="finding",
        diagnostic="hesitation",
        about=tuple(subject.name for subject in inquiry.subjects),
        against=inquiry.against.name if inquiry.against else None,
        method=(
            f"Behind each step of a stored response the model is made to answer at once (“{FORCED.strip()} …”). A step "
            f"raises or lowers the gold answer by {CHANGE_BITS:g} bits of its probability or more, else it leaves it; "
            "the last two kinds are hesitant. A closing step that names the answer is left out. The response's own "
            f"answer is certain from the step behind which its probability stays above {100 * CERTAIN:g} %. 95 % "
            "intervals by resampling problems."
        ),
        settings={
            "seed": inquiry.seed,
            "num_responses": NUM_RESPONSES,
            "change_bits": CHANGE_BITS,
            "certain": CERTAIN,
            "floor_bits": FLOOR_BITS,
            "forced": FORCED,
        },
        columns=columns,
        rows=tuple(map(_without_a_price_of_nothing, rows)),
        curves=(FindingCurve(x="set", y="raises"), FindingCurve(x="set", y="bits")),
        examples=tuple(examples),
    )


MEASURES = (
    Measure(name="raises", title="steps that raise", of="raises", over="steps", is_compared=True),
    Measure(name="leaves", title="leave", of="leaves", over="steps"),
    Measure(name="lowers", title="lower", of="lowers", over="steps"),
    Measure(name="start", title="gold answer before", of="start_prob"),
    Measure(name="end", title="and after all steps", of="end_prob"),
    Measure(name="bits", title="gained a response", of="bits", unit="bits", is_compared=True),
    Measure(name="price", title="tokens a bit", of="tokens", over="bits", unit=""),
    Measure(name="hesitant", title="tokens in hesitant steps", of="hesitant_tokens", over="tokens"),
    Measure(name="reflection_bits", title="gained a reflecting step", of="reflecting_bits", over="reflecting",
            unit="bits"),
    Measure(name="reflection_raises", title="reflecting steps that raise", of="reflecting_raises",
            over="reflecting"),
    Measure(name="certain", title="certain of its answer before the end", of="certain"),
    Measure(name="wasted", title="tokens after that, of these", of="wasted_tokens", over="certain_tokens"),
)  # fmt: skip


def worth(sample: Sample) -> list[Step]:
    """The steps of a response that are judged: all but closing ones that name the answer."""
    found = steps(sample.text)
    while found and _CONCLUDES.search(found[-1].text):
        found = found[:-1]
    return found


def _walk(inquiry: Inquiry, subject: Subject, on: str, folder: FilePath) -> list[_Walked]:
    assert subject.model is not None  # `needs` has it
    samples = drawn_samples(folder, NUM_RESPONSES, inquiry.seed)
    judged = [worth(sample) for sample in samples]
    computed_from: dict[str, Any] = {
        "diagnostic": "hesitation",
        "version": _VERSION,
        "model": weights_sha256(str(subject.model)),
        "samples": file_sha256(folder / "samples.parquet"),
        "num_responses": NUM_RESPONSES,
        "seed": inquiry.seed,
        "forced": FORCED,
    }
    scores = kept(inquiry.cache, computed_from, lambda: _scores(inquiry, subject, on, folder, samples, judged))
    return [
        _Walked(
            sample=sample,
            steps=judged_steps,
            path=Path(
                gold_bits=score["log2_probs"][0],
                own_bits=score["log2_probs"][1] if len(score["log2_probs"]) > 1 else None,
                num_tokens=score["num_tokens"],
                reflects=_reflects(sample, judged_steps),
            ),
        )
        for sample, judged_steps, score in zip(samples, judged, scores, strict=True)
    ]


def _scores(
    inquiry: Inquiry,
    subject: Subject,
    on: str,
    folder: FilePath,
    samples: Sequence[Sample],
    judged: Sequence[Sequence[Step]],
) -> list[dict[str, Any]]:
    assert subject.model is not None
    problems = AskedProblems(folder)
    asked = [
        Forced(
            problem=problems[sample.problem_id],
            text=sample.text,
            steps=judged_steps,
            answers=[sample.gold] if sample.extracted is None else [sample.gold, sample.extracted],
        )
        for sample, judged_steps in zip(samples, judged, strict=True)
    ]
    found = force_answers(
        load_model(config_of(subject.model)),
        problems.preset,
        asked,
        lambda num_done, num: inquiry.on_progress(f"{subject.name} on {on}: responses", num_done, num),
    )
    return [{"log2_probs": each.log2_probs, "num_tokens": each.num_tokens} for each in found]


def _reflects(sample: Sample, judged: Sequence[Step]) -> list[bool]:
    found = reflections(sample.text, sample.gold, sample.answer_kind)
    return [any(each.start <= step.start < each.end for each in found) for step in judged]


def _without_a_price_of_nothing(row: dict[str, Cell]) -> dict[str, Cell]:
    """Tokens a bit mean nothing where the steps may have gained none."""
    low = row.get("bits_low")
    if isinstance(low, float) and low > 0:
        return row
    return {name: cell for name, cell in row.items() if not name.startswith("price")}


def _examples(subject: Subject, walked: Sequence[_Walked]) -> list[FindingExample]:
    """Responses with the most hesitant and with the most informative steps, steps coloured by the bits they gain."""
    with_steps = [each for each in walked if len(each.steps) > 1]
    if not with_steps:
        return []
    by_gain = sorted(with_steps, key=lambda each: float(gains(each.path).mean()))
    chosen = dict.fromkeys([by_gain[len(by_gain) // 10], by_gain[-1 - len(by_gain) // 10]])
    return [
        marked(each.sample, _marks(each), f"{subject.name}, bits of each step: {each.sample.problem_id}")
        for each in chosen
    ]


def _marks(each: _Walked) -> list[Mark]:
    return [
        Mark(
            start=step.start,
            end=step.end,
            value=max(-1.0, min(1.0, gain / 4)),
            label=f"{effect(gain)} the gold answer: {gain:+.1f} bits",
        )
        for step, gain in zip(each.steps, gains(each.path).tolist(), strict=True)
    ]
