"""The samples of a study as the page's browser reads them: an index, and chunks of compressed texts.

The index says of each problem what filters ask: set, cell, family, level and one letter an attempt. A chunk is what is
shown of some problems: question, gold answer, pictures, every arm's responses. Both are JSON, gzipped, in base64.
"""

import base64
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from synergy.report.markup import cell_label
from synergy.report.pictures import Pictures
from synergy.report.responses import ResponseText, response_texts
from synergy.report.view import StudyView
from synergy.studies.results import ProblemRow, RunScores, SetResults

CHUNK = 48  #: problems that are read together
MAX_BYTES = 58_000_000  #: of all samples; with the rest the page stays near 60 MB
CODES = "abcdefghijkl"  #: an attempt: correct, wrong or unscored; 3 more if truncated, 6 more without an answer


@dataclass(frozen=True, kw_only=True, eq=False)
class _Item:
    """One problem in one cell."""

    cell: int
    set_index: int
    results: SetResults
    position: int

    @property
    def problem(self) -> ProblemRow:
        return self.results.problems[self.position]


@dataclass(kw_only=True, eq=False)
class Samples:
    """What goes into the page."""

    num_problems: int  #: of the study
    index: str = ""
    chunks: list[str] = field(default_factory=list)
    pictures: Pictures = field(default_factory=Pictures)
    num_shown: int = 0
    num_responses: int = 0


def collect_samples(view: StudyView, *, max_bytes: int = MAX_BYTES) -> Samples:
    """All samples, or as many problems as fit into `max_bytes`, drawn at random."""
    texts = _Texts()
    items = list(_items(view))
    order = np.random.default_rng(0).permutation(len(items))
    samples = Samples(num_problems=len(items))
    places: dict[int, tuple[int, int]] = {}
    num_bytes = 0
    for start in range(0, len(order), CHUNK):
        members = sorted(int(each) for each in order[start : start + CHUNK])
        pictures_before = len(samples.pictures.uris)
        shown = [_shown(view, items[member], texts, samples.pictures) for member in members]
        chunk = packed(shown)
        size = len(chunk) + sum(map(len, samples.pictures.uris[pictures_before:]))
        if num_bytes + size > max_bytes:
            del samples.pictures.uris[pictures_before:]
            break
        num_bytes += size
        places |= {member: (len(samples.chunks), at) for at, member in enumerate(members)}
        samples.chunks.append(chunk)
        samples.num_responses += sum(len(responses) for each in shown for responses in each["responses"])
    samples.num_shown = len(places)
    samples.index = packed(_index(view, items, places))
    return samples


def packed(value: Any) -> str:
    """A JSON value, gzipped, in base64; the same value is the same text."""
    return base64.b64encode(gzip.compress(json.dumps(value, separators=(",", ":")).encode(), 6, mtime=0)).decode()


def _items(view: StudyView) -> Iterator[_Item]:
    names = _set_names(view)
    for number, cell in enumerate(view.cells):
        for name, results in cell.sets.items():
            for position in range(len(results.problems)):
                yield _Item(cell=number, set_index=names.index(name), results=results, position=position)


def _set_names(view: StudyView) -> list[str]:
    return list(dict.fromkeys(name for cell in view.cells for name in cell.sets))


class _Texts:
    """Texts of runs, each file read once."""

    def __init__(self) -> None:
        self._read: dict[Any, Mapping[tuple[str, int], ResponseText]] = {}

    def of(self, run: RunScores) -> Mapping[tuple[str, int], ResponseText]:
        if run.folder not in self._read:
            self._read[run.folder] = response_texts(run)
        return self._read[run.folder]


def _shown(view: StudyView, item: _Item, texts: _Texts, pictures: Pictures) -> dict[str, Any]:
    problem = item.problem
    numbers = [pictures.number(path) for path in problem.images]
    return {
        "question": problem.question,
        "gold": problem.gold,
        "kind": problem.answer_kind,
        "choices": problem.choices,
        "images": [number for number in numbers if number is not None],
        "missing": sum(number is None for number in numbers),
        "responses": [_responses(item, arm, texts) for arm in view.arms],
    }


def _responses(item: _Item, arm: str, texts: _Texts) -> list[list[Any]]:
    """Of each attempt: seed, run, tokens, the answer found, the text; in the order of the index's letters."""
    found: list[list[Any]] = []
    for run in item.results.runs.get(arm, ()):
        said = texts.of(run)
        for number in range(run.correct.shape[1]):
            each = said.get((item.problem.id, number))
            text, extracted = ("", None) if each is None else (each.text, each.extracted)
            found.append([run.run.seed, number, int(run.num_tokens[item.position, number]), extracted, text])
    return found


def _index(view: StudyView, items: Sequence[_Item], places: Mapping[int, tuple[int, int]]) -> dict[str, Any]:
    kept = [(items[member], places[member]) for member in sorted(places)]
    families = list(dict.fromkeys(item.problem.family for item, _ in kept))
    family_numbers = {family: number for number, family in enumerate(families)}
    titles = {each.name: each.title for cell in view.cells for each in cell.sets.values()}
    return {
        "arms": view.arms,
        "num_seeds": view.num_seeds,
        "colours": [view.style(arm).colour for arm in view.arms],
        "baseline": view.arms.index(view.baseline) if view.baseline in view.arms else -1,
        "cells": [cell_label(cell.axes) for cell in view.cells],
        "sets": [titles[name] for name in _set_names(view)],
        "families": families,
        "codes": CODES,
        "id": [item.problem.id for item, _ in kept],
        "cell": [item.cell for item, _ in kept],
        "set": [item.set_index for item, _ in kept],
        "family": [family_numbers[item.problem.family] for item, _ in kept],
        "level": [item.problem.level for item, _ in kept],
        "chunk": [place[0] for _, place in kept],
        "at": [place[1] for _, place in kept],
        "verdicts": ["|".join(_letters(item, arm) for arm in view.arms) for item, _ in kept],
    }


def _letters(item: _Item, arm: str) -> str:
    return "".join(letter for run in item.results.runs.get(arm, ()) for letter in _of_run(run, item.position))


def _of_run(run: RunScores, position: int) -> Iterator[str]:
    for correct, truncated, unread in zip(
        run.correct[position], run.truncated[position], run.unread[position], strict=True
    ):
        status = 2 if np.isnan(correct) else int(correct != 1)
        yield CODES[status + 3 * int(truncated) + 6 * int(unread)]
