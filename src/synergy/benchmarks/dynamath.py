"""DynaMath: 501 questions in ten variants each, with other numbers and pictures (2411.00836).

Metrics: "average" over all 5,010, "worst_case" the share of questions that are right in every variant at hand, both
also by subject and by knowledge level as VLMEvalKit has them.

Rule (DynaMath/DynaMath and VLMEvalKit, vlmeval/dataset/dynamath.py): upstream asks for JSON with the keys "solution"
and "short answer". A float may be off by 0.001, an option is one letter A … E, a text is right where it stands in the
gold one. Where a response holds no such JSON an LLM extracts the answer upstream; here the answer that it states
stands in (see `stated`), else the whole response. An empty text, which upstream finds in every gold one, is wrong.

Layouts: VLMEvalKit's DynaMath.tsv (qid, varid, answer), the authors' hub table (one split for each variant) and the one
of lmms-eval (question_id, id, ground_truth).
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from synergy.benchmarks.benchmark import Benchmark, Graded, HubTable, Instruction, Row, Value
from synergy.benchmarks.columns import identity, level, optional, tags, text
from synergy.benchmarks.images import images_of
from synergy.benchmarks.metrics import accuracy, by_level, by_tag, mean
from synergy.benchmarks.sources import SPLIT
from synergy.benchmarks.stated import stated_answer
from synergy.benchmarks.verdicts import official_verdict
from synergy.errors import unknown_name
from synergy.records import AnswerKind, Problem, Verdict

TOLERANCE = 0.001
_KINDS = {"float": AnswerKind.NUMBER, "multiple choice": AnswerKind.OPTION, "text": AnswerKind.TEXT}
_LETTERS = ("A", "B", "C", "D", "E")  # the options' texts stand in the question or the picture
_QUESTION, _TYPE = "qid", "answer_type"
_SHORT = {
    "multiple choice": "Provide the corresponing choice option in the 'short answer' key, "  # upstream's misspelling
    "such as 'A', 'B', 'C', or 'D'.",
    "float": "Format the answer as a three-digit floating-point number and provide it in the 'short answer' key.",
    "text": "Float numbers in the answer should be formatted as three-digit floating-point numbers.",
}


def _read(row: Row) -> Problem:
    answer_type = text(row, _TYPE)
    if answer_type not in _KINDS:
        raise unknown_name(_TYPE, answer_type, _KINDS)
    question = text(row, _QUESTION, "id")
    variant = optional(row, "varid", SPLIT, "question_id")
    is_option = _KINDS[answer_type] is AnswerKind.OPTION
    return Problem(
        id=identity(row, "index", "question_id") if optional(row, "index", "question_id") else f"{question}/{variant}",
        question=text(row, "question"),
        answer=text(row, "answer", "ground_truth").upper() if is_option else text(row, "answer", "ground_truth"),
        answer_kind=_KINDS[answer_type],
        images=images_of(row),
        choices=_LETTERS if is_option else (),
        source="dynamath",
        family=optional(row, "subject"),
        level=level(row),
        absolute_tolerance=TOLERANCE,
        tags={**tags(row, "subject", "knowledge_level"), _QUESTION: question, _TYPE: answer_type},
    )


def _instruction(problem: Problem) -> Instruction:
    """VLMEvalKit, vlmeval/dataset/dynamath.py, GUIDE and EXAMPLE; the authors' own scripts word it alike."""
    return Instruction(
        before="## Question\n ",
        after="\n## Answer Instruction Please provide an answer to the question outlined above. Your response should "
        "adhere to the following JSON format, which includes two keys: 'solution' and 'short answer'. The 'solution' "
        "key can contain detailed steps needed to solve the question, and the 'short answer' key should provide a "
        f"concise response. {_SHORT[problem.tags[_TYPE]]}\n\nExample of expected JSON response format:\n\n"
        '{\n    "solution": "[Detailed step-by-step explanation]",\n    "short answer": "[Concise Answer]"\n}',
    )


@dataclass(frozen=True)
class _Short:
    """A short answer with where it was found; `value` is None where it is not of the wanted type."""

    value: str | float | None
    extractor: str


def _official(problem: Problem, response: str) -> Verdict:
    answer_type = problem.tags[_TYPE]
    short = _short_answer(response, answer_type)
    if short.value is None:  # upstream's last resort for options: the letter is among the first three characters
        lucky = answer_type == "multiple choice" and problem.answer in response[:3].upper()
        return official_verdict(f"dynamath/{answer_type}", correct=lucky, extracted=None, extractor=short.extractor)
    if isinstance(short.value, float):
        gold = _as_float(problem.answer)
        # upstream's 0.001 is compared in floats; a hair more keeps 3.142 within 0.001 of 3.141
        correct = gold is not None and abs(short.value - gold) <= TOLERANCE * (1 + 1e-9)
    elif answer_type == "text":
        correct = bool(short.value.strip()) and short.value.lower() in problem.answer.lower()
    else:
        correct = short.value == problem.answer
    extracted = str(short.value)
    return official_verdict(f"dynamath/{answer_type}", correct=correct, extracted=extracted, extractor=short.extractor)


def _short_answer(response: str, answer_type: str) -> _Short:
    written = _json_answer(response)
    value = None if written is None else _parse(written, answer_type)
    if value is not None:
        return _Short(value, "dynamath/json")
    stated = stated_answer(response)
    if stated is not None:
        return _Short(_parse(stated.answer, answer_type), stated.extractor)
    return _Short(_parse(response, answer_type), "dynamath/whole")


def _json_answer(response: str) -> str | None:
    start, end = response.find("{"), response.rfind("}")
    if not 0 <= start < end:
        return None
    # upstream drops every backslash, so that LaTeX in the solution does not break the JSON
    written = response[start : end + 1].replace("\\", "")
    try:
        found = json.loads(written, strict=False)
    except (json.JSONDecodeError, RecursionError):
        return None
    answer = found.get("short answer")
    return str(answer) if isinstance(answer, str | int | float) else None


def _parse(written: str, answer_type: str) -> str | float | None:
    if answer_type == "float":
        return _as_float(written.strip().split(" ")[0])
    if answer_type == "text":
        return written
    upper = written.upper()
    if len(upper) == 1:
        return upper
    named = [letter for letter in _LETTERS if letter in upper]
    return named[0] if len(named) == 1 else None


def _as_float(written: str) -> float | None:
    """A number, or a multiple of π such as "2π"."""
    number, pi, _ = written.partition("π")
    try:
        value = float(number) * (math.pi if pi else 1.0)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _metrics(graded: Sequence[Graded]) -> dict[str, Value]:
    found = {"average": accuracy(graded), "worst_case": _worst_case(graded)}
    for tag in ("subject", "knowledge_level"):
        found |= by_tag(graded, tag)
        for label in sorted({attempt.problem.tags.get(tag, "") for attempt in graded} - {""}):
            of_label = [attempt for attempt in graded if attempt.problem.tags.get(tag) == label]
            found[f"worst_case/{label}"] = _worst_case(of_label)
    return found | by_level(graded)


def _worst_case(graded: Sequence[Graded]) -> Value:
    questions: dict[str, bool] = {}
    for attempt in graded:
        question = attempt.problem.tags[_QUESTION]
        questions[question] = questions.get(question, True) and attempt.verdict.correct
    return mean(questions.values())


DYNAMATH = Benchmark(
    name="dynamath",
    title="DynaMath",
    source="2411.00836; DynaMath/DynaMath; VLMEvalKit, vlmeval/dataset/dynamath.py",
    hub=HubTable(
        repository="DynaMath/DynaMath_Sample", split="+".join(f"sample_variant{number}" for number in range(1, 11))
    ),
    tsv="DynaMath",
    instruction=_instruction,
    columns=("question", "answer|ground_truth", "answer_type", "qid|id"),
    read=_read,
    official=_official,
    official_source="VLMEvalKit, vlmeval/dataset/dynamath.py; its LLM that extracts answers outside JSON is left out, "
    "the stated answer stands in",
    metrics=_metrics,
    main_metric="average",
)
