"""MathVista testmini: 1,000 questions about figures, charts and diagrams (2310.02255).

Rule (lupantech/MathVista, evaluation/extract_answer.py and calculate_score.py): the response itself where it is an
option's text or a number of the wanted type, else what stands in 'The answer is "…".', else an LLM extracts it; then
the extraction is normalised. "(B)" or "B" is an option, any other text the option nearest to it in edits; integers are
cut, floats rounded to the problem's precision; the result has to be the gold text. The LLM is left out here: the answer
that the response states (see `stated`) stands in, else the option that VLMEvalKit's rule infers, else a response that
is no longer than an answer; one without any is wrong.
VLMEvalKit's own check never accepts free-form texts and lists, as it compares None with them; that is not followed.

Layouts: VLMEvalKit's MathVista_MINI.tsv (answer_option, lists as text), the hub table and the authors' testmini.json
(metadata). Metrics: "overall", and by task, skill, question type and answer type.
Levels: JierunChen/MathVista_with_difficulty_level, the same problems with measured difficulty (see `columns.level`).
"""

import re
from string import ascii_uppercase

from synergy.benchmarks.benchmark import Benchmark, HubTable, Instruction, Row
from synergy.benchmarks.columns import choices, identity, level, mapping, optional, tags, text
from synergy.benchmarks.images import images_of
from synergy.benchmarks.mcq import infer_option
from synergy.benchmarks.metrics import overall_and_by
from synergy.benchmarks.options import without_hint
from synergy.benchmarks.stated import stated_answer
from synergy.benchmarks.verdicts import official_verdict
from synergy.data.options import gold_letter
from synergy.errors import InputError
from synergy.records import AnswerKind, Problem, Verdict

_KINDS = {
    "integer": AnswerKind.INTEGER,
    "float": AnswerKind.NUMBER,
    "list": AnswerKind.LIST,
    "text": AnswerKind.TEXT,
}
_GROUPS = ("task", "skills", "source", "category", "context", "grade", "language")
_QUOTED = re.compile(r'The answer is "(.*)"\.')
_LETTER = re.compile(r"\(([a-zA-Z])\)")
_TYPE, _PRECISION = "answer_type", "precision"
_HINTS = {  # by answer type and, for numbers with a point, precision
    "integer": "integer answer and provide the final value, e.g., 1, 2, 3",
    "float 1": "floating-point number with one decimal place and provide the final value, e.g., 1.2, 1.3, 1.4",
    "float 2": "floating-point number with two decimal places and provide the final value, e.g., 1.23, 1.34, 1.45",
    "list": "Python list as an answer and provide the final list, e.g., [1, 2, 3], [1.2, 1.3, 1.4]",
}
_ONE_OR_TWO = re.compile(r"\A\s*Hint: [^\n]* with (?P<decimals>one|two) decimal place")
_MAX_BARE_ANSWER = 50  # of characters: a longer free-form response is more than an answer
_MAX_EXTRACTION = 500  # of characters: a longer one is no answer, and edit distance is slow


def _read(row: Row) -> Problem:
    is_option = text(row, "question_type") == "multi_choice"
    answer_type = text(row, "answer_type")
    if answer_type not in _KINDS:
        raise InputError(f"answer_type is '{answer_type}'; expected one of: {', '.join(_KINDS)}")
    options = choices(row, "choices") if is_option else ()
    precision = optional(row, _PRECISION) or _hinted_precision(row)
    details = {**mapping(row.get("metadata")), **row}
    answer = text(row, "answer_option", "answer") if is_option else text(row, "answer")
    return Problem(
        id=identity(row, "index", "pid", "id"),
        question=_question(row, options),
        answer=gold_letter(answer, options) if is_option else answer,
        answer_kind=AnswerKind.OPTION if is_option else _KINDS[answer_type],
        images=images_of(row),
        choices=options,
        source="mathvista",
        family=optional(details, "task"),
        level=level(row),
        absolute_tolerance=0.5 * 10.0 ** -_decimals(precision) if answer_type == "float" and not is_option else 0.0,
        tags={**tags(details, *_GROUPS), **tags({**row, _PRECISION: precision}, "question_type", _TYPE, _PRECISION)},
    )


def _hinted_precision(row: Row) -> str:
    """What the hint says, where the table has it within the question but no column for it."""
    match = _ONE_OR_TWO.match(optional(row, "query") or optional(row, "question"))
    return {"one": "1", "two": "2"}[match["decimals"]] if match else ""


def _decimals(precision: str) -> int:
    return int(float(precision or 0))


def _question(row: Row, options: tuple[str, ...]) -> str:
    """Upstream's query without the hint on layout: the question, its unit and its options."""
    written = without_hint(optional(row, "query") or text(row, "question"))
    unit = optional(row, "unit")
    if unit and "(Unit:" not in written:
        written += f" (Unit: {unit})"
    if options and "Choices:" not in written:
        shown = (f"({letter}) {option}" for letter, option in zip(ascii_uppercase, options, strict=False))
        written = "\n".join([written, "Choices:", *shown])
    return written


def _instruction(problem: Problem) -> Instruction | None:
    """The hint that stands before the question, as data/query.json of lupantech/MathVista has it, for all but texts.

    VLMEvalKit puts its table's question, which is the same query. evaluation/build_query.py now puts the hint after
    the question, and "Solution: " after that.
    """
    if problem.choices:
        wanted = "and provide the correct option letter, e.g., A, B, C, D"
    else:
        kind, precision = problem.tags[_TYPE], _decimals(problem.tags.get(_PRECISION, ""))
        hint = _HINTS.get(f"float {precision}" if kind == "float" else kind)
        if hint is None:
            return None
        wanted = f"requiring {'an' if kind == 'integer' else 'a'} {hint}"
    return Instruction(before=f"Hint: Please answer the question {wanted}, at the end.\nQuestion: ")


def _official(problem: Problem, response: str) -> Verdict:
    extraction, extractor = _extract(problem, response)
    value = _normalise(problem, extraction) if extraction else None
    gold = _gold(problem)
    return official_verdict(
        f"mathvista/{'option' if problem.choices else problem.tags[_TYPE]}",
        correct=value is not None and value == gold,
        extracted=value,
        extractor=extractor,
    )


def _gold(problem: Problem) -> str:
    return problem.choices[ascii_uppercase.index(problem.answer)] if problem.choices else problem.answer.strip()


def _extract(problem: Problem, response: str) -> tuple[str | None, str]:
    if not response or response in problem.choices:
        return response or None, "mathvista/whole"
    if problem.tags[_TYPE] in ("integer", "float") and _as_float(response) is not None:
        return response, "mathvista/whole"
    quoted = _QUOTED.search(response)
    if quoted:
        return quoted[1], "mathvista/quoted"
    stated = stated_answer(response)
    if stated is not None:
        return stated.answer, stated.extractor
    if problem.choices:
        letter, rule = infer_option(response, problem.choices)
        return letter, f"vlmevalkit/{rule}"
    # upstream's LLM copies a response that is nothing but an answer
    return (response, "mathvista/whole") if len(response) <= _MAX_BARE_ANSWER else (None, "mathvista/none")


def _normalise(problem: Problem, extraction: str) -> str | None:
    if len(extraction) > _MAX_EXTRACTION:
        return None
    if problem.choices:
        return _nearest_option(problem.choices, extraction.strip())
    if problem.answer_kind not in (AnswerKind.INTEGER, AnswerKind.NUMBER):
        return extraction.strip()
    number = _as_float(extraction)
    if number is None:
        return None
    if problem.answer_kind is AnswerKind.INTEGER:
        return str(int(number))
    return str(round(number, _decimals(problem.tags.get(_PRECISION, ""))))


def _nearest_option(options: tuple[str, ...], extraction: str) -> str:
    letter = _LETTER.search(extraction)
    named = letter[1].upper() if letter else extraction
    letters = ascii_uppercase[: len(options)]
    if len(named) == 1 and named in letters:
        return options[letters.index(named)]
    return min(options, key=lambda option: edit_distance(named, option))


def _as_float(written: str) -> float | None:
    try:
        value = float(written.strip())
    except ValueError:
        return None
    return value if abs(value) < 1e15 else None  # also neither infinite nor NaN


def edit_distance(first: str, second: str) -> int:
    """How many characters have to be put in, taken out or replaced to make one text the other (Levenshtein)."""
    row = list(range(len(second) + 1))
    for position, character in enumerate(first, start=1):
        diagonal, row[0] = row[0], position
        for column, other in enumerate(second, start=1):
            diagonal, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, diagonal + (character != other)),
            )
    return row[-1]


MATHVISTA = Benchmark(
    name="mathvista",
    title="MathVista testmini",
    source="2310.02255; lupantech/MathVista, evaluation; VLMEvalKit, vlmeval/dataset/utils/mathvista.py",
    hub=HubTable(repository="AI4Math/MathVista", split="testmini"),
    tsv="MathVista_MINI",
    instruction=_instruction,
    columns=("question", "answer", "question_type", "answer_type", "choices"),
    read=_read,
    official=_official,
    official_source="lupantech/MathVista, evaluation; its LLM that extracts answers is left out, the stated answer "
    "stands in",
    metrics=overall_and_by("task", "skills", "question_type", "answer_type"),
    main_metric="overall",
)
