"""Which of a model's own responses become training data, and as which rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from synergy.config.distil import Keep
from synergy.data.problem_row import problem_row
from synergy.data.well_formed import well_formed
from synergy.evaluation.verdicts import STRICT, GradedResponse
from synergy.grading.extract import extract
from synergy.grading.layout import follows_format
from synergy.prompts import THINK_CLOSE, THINK_OPEN, PromptPreset
from synergy.records import Demonstration, Problem


@dataclass(frozen=True, kw_only=True)
class Worked:
    """A response as what `PromptPreset.response` writes it from."""

    trace: str
    answer: str
    run: int
    num_tokens: int | None


def worked(each: GradedResponse, preset: PromptPreset) -> Worked | None:
    """The trace and answer of a correct response; None where `preset.response` would not give them back.

    The response must follow the preset's layout; words around its answer are left out.
    """
    text, answer = each.response.text, each.verdicts[STRICT].extracted
    if answer is None or not follows_format(text, preset):
        return None
    trace = text.strip().removeprefix(THINK_OPEN).partition(THINK_CLOSE)[0].strip()
    rebuilt = preset.response(trace, answer)
    if not follows_format(rebuilt, preset) or extract(rebuilt, preset).answer != answer:
        return None
    return Worked(trace=trace, answer=answer, run=each.response.run, num_tokens=each.response.num_tokens)


def chosen(found: Sequence[Worked], keep: Keep, *, draw: Sequence[int]) -> list[Worked]:
    """Those to keep; of equally short or long ones the first. `draw` seeds what is random."""
    if not found:
        return []
    match keep:
        case "all":
            return list(found)
        case "first":
            return [found[0]]
        case "random":
            return [found[int(np.random.default_rng(draw).integers(len(found)))]]
        case "shortest":
            return [min(found, key=_length)]
        case "longest":
            return [max(found, key=_length)]


def _length(each: Worked) -> int:
    """Tokens of the response as it was sampled, characters of its trace where a server did not count them."""
    return len(each.trace) if each.num_tokens is None else each.num_tokens


def response_rows(problem: Problem, kept: Sequence[Worked], keep: Keep) -> Iterator[dict[str, object]]:
    """A row for each kept response; `problem` has its images."""
    shared = _shared(problem)
    for each in kept:
        row_id = f"{problem.id}#{each.run}" if keep == "all" else problem.id
        yield {
            **shared,
            "id": row_id,
            "answer": well_formed(each.answer),
            "trace": well_formed(each.trace),
            "origin": "model",
            "run": each.run,
            "num_tokens": each.num_tokens,
        }


def demonstration_rows(problem: Problem, demonstrations: Sequence[Demonstration]) -> Iterator[dict[str, object]]:
    """A row for each demonstration of a problem that the model did not solve."""
    shared = _shared(problem)
    for number, each in enumerate(demonstrations):
        yield {
            **shared,
            "id": problem.id if number == 0 else f"{problem.id}#demonstration{number}",
            "answer": well_formed(each.answer),
            "trace": well_formed(each.trace),
            "origin": "demonstration",
            "run": None,
            "num_tokens": None,
        }


def _shared(problem: Problem) -> dict[str, object]:
    return {**problem_row(problem), "problem_id": problem.id, "gold": well_formed(problem.answer)}
