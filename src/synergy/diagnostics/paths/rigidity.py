"""How rigid a model's reasoning is: one structure for all problems, the expert's phrases, the same said again."""

import math
from pathlib import Path

import numpy as np

from synergy.diagnostics.diagnostic import Inquiry
from synergy.diagnostics.finding import Cell, Finding, FindingColumn, FindingCurve
from synergy.diagnostics.paths.expert import NUM_TRACES, Expert, expert_of
from synergy.diagnostics.paths.structure import (
    FORM_WORDS,
    PHRASE_WORDS,
    compression,
    grouped,
    likeness_within,
    num_repeated,
    phrases,
    structure,
)
from synergy.diagnostics.paths.table import Features, Measure, everyone, measure_table, of_samples
from synergy.diagnostics.paths.thinking import steps, thinking
from synergy.diagnostics.samples import Sample, read_samples

BLOCK_CHARACTERS = 4000  #: of responses to different problems that are packed together (ours)

_NORMAL = 1.96


def rigidity(inquiry: Inquiry) -> Finding:
    """A row a subject and evaluation set."""
    expert = expert_of(inquiry)
    measures = [measure for measure in MEASURES if expert is not None or measure.name != "expert"]
    columns, rows = measure_table(inquiry, of_samples(lambda sample: features(sample, expert)), measures)
    folders = {(subject.name, on): folder for subject in everyone(inquiry) for on, folder in subject.responses.items()}
    rows = tuple(row | over_samples(folders[str(row["subject"]), str(row["set"])], inquiry.seed) for row in rows)
    against = expert.name if expert is not None else "nobody, as no SFT is among the trainings"
    return Finding(
        kind="finding",
        diagnostic="rigidity",
        about=tuple(subject.name for subject in inquiry.subjects),
        against=inquiry.against.name if inquiry.against else None,
        method=(
            f"A step's form is its first {FORM_WORDS} words, numbers as #; a response's structure is the sequence of "
            "its steps' forms. Same structure: the chance that responses to two different problems of one family share "
            f"it. Phrases are runs of {PHRASE_WORDS} words; expert's: those that stand in the traces of {against}. "
            f"Compression: {BLOCK_CHARACTERS} characters of responses to different problems, over their bytes packed "
            "by zlib. 95 % "
            "intervals by resampling problems, for structures by the spread between problems, for compression between "
            "blocks."
        ),
        settings={
            "seed": inquiry.seed,
            "form_words": FORM_WORDS,
            "phrase_words": PHRASE_WORDS,
            "num_traces": NUM_TRACES,
            "block_characters": BLOCK_CHARACTERS,
        },
        columns=(*columns, *_OVER_SAMPLES),
        rows=rows,
        curves=(FindingCurve(x="set", y="alike"), *([FindingCurve(x="set", y="expert")] if expert else [])),
    )


def features(sample: Sample, expert: Expert | None) -> Features:
    """Of one response: steps and phrases, repeated ones and the expert's."""
    found = phrases(sample.text)
    return {
        "steps": float(len(steps(sample.text))),
        "phrases": float(len(found)),
        "repeated": float(num_repeated(found)),
        "expert": float(sum(phrase in expert.phrases for phrase in found)) if expert is not None else 0.0,
    }


MEASURES = (
    Measure(name="each", title="steps a response", of="steps", unit="steps"),
    Measure(name="expert", title="phrases that are the expert's alone", of="expert", over="phrases", is_compared=True),
    Measure(name="repeated", title="phrases said before", of="repeated", over="phrases", is_compared=True),
)
_OVER_SAMPLES = (
    FindingColumn(name="alike", title="same structure", unit="%", low="alike_low", high="alike_high"),
    FindingColumn(name="structures", title="different structures"),
    FindingColumn(name="packed", title="compression", unit="", low="packed_low", high="packed_high"),
)


def over_samples(folder: Path, seed: int) -> dict[str, Cell]:
    """What is seen only over many responses: likeness of structures, their number, and compression."""
    samples = [sample for sample in read_samples(folder) if sample.text]
    forms = [(sample, structure(sample.text)) for sample in samples]
    rows = [(sample.family, sample.problem_id, form) for sample, form in forms if form]  # an answer alone has none
    found: dict[str, Cell] = {"structures": len({form for _, _, form in rows})}
    estimate, error = likeness_within(grouped(rows))
    found |= _with_error("alike", estimate, error)
    blocks = [compression(text) for text in _blocks(samples, seed)]
    if blocks:
        error = float(np.std(blocks, ddof=1) / math.sqrt(len(blocks))) if len(blocks) > 1 else float("nan")
        found |= _with_error("packed", float(np.mean(blocks)), error)
    return found


def _blocks(samples: list[Sample], seed: int) -> list[str]:
    """The reasoning of one response a problem in random order, cut into blocks of one size; the rest is left out."""
    texts = {}
    for sample in samples:
        start, end = thinking(sample.text)
        if end > start:
            texts.setdefault(sample.problem_id, sample.text[start:end])
    order = np.random.default_rng(seed).permutation(len(texts))
    whole = "\n".join(list(texts.values())[index] for index in order)
    starts = range(0, len(whole) - BLOCK_CHARACTERS + 1, BLOCK_CHARACTERS)
    return [whole[start : start + BLOCK_CHARACTERS] for start in starts]


def _with_error(name: str, estimate: float, error: float) -> dict[str, Cell]:
    if math.isnan(estimate):
        return {}
    ends = {} if math.isnan(error) else {"low": estimate - _NORMAL * error, "high": estimate + _NORMAL * error}
    return {name: estimate} | {f"{name}_{end}": value for end, value in ends.items()}
