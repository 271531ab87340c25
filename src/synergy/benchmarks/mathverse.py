"""MathVerse testmini: 788 problems in five versions that move text into the picture, 3,940 rows (2403.14624).

Metrics: "all_versions" over every row (what 2507.07562 reports as MathVerse), "vision_only" over the rows whose
question stands in the picture alone (what 2504.11468 reports), each version and each subfield. A file that holds one
version, such as VLMEvalKit's MathVerse_MINI_Vision_Only.tsv, gives the metrics of that one.

Rule (ZrrSkywalker/MathVerse and VLMEvalKit, vlmeval/dataset/utils/mathverse.py): an LLM extracts the answer, then the
same text is right, then an LLM decides. Both LLMs are left out here: the answer that a response states (see `stated`)
stands in for the first, or the whole response; nothing for the second, so this rule alone is stricter than upstream.

VLMEvalKit's tables have upstream's demand within `question`; it is taken out. A question in the picture is asked for
in upstream's words. Options stand at the end of `question`, for vision-only rows
in `question_for_eval`.
Levels: JierunChen/MathVerse_with_difficulty_level, the same problems with measured difficulty (see `columns.level`).
"""

import re
from collections.abc import Sequence

from synergy.benchmarks.benchmark import Benchmark, Graded, HubTable, Instruction, Row, Value
from synergy.benchmarks.columns import identity, level, mapping, optional, tags, text
from synergy.benchmarks.images import images_of
from synergy.benchmarks.metrics import accuracy, by_level, by_tag
from synergy.benchmarks.stated import stated_answer
from synergy.benchmarks.verdicts import official_verdict
from synergy.data.options import gold_letter, split_options
from synergy.records import AnswerKind, Problem, Verdict

_IN_PICTURE = "According to the question shown in the image, please answer the question."
_VISION_ONLY = "Vision Only"
_DEMAND = re.compile(
    r"\A\s*(?:According to the question shown in the image, p|P)lease (?:directly|first conduct reasoning, and then) "
    r"answer the question and provide the [^\n]*(?:\n\s*Question:\s*|\s*\Z)"
)


def _read(row: Row) -> Problem:
    # VLMEvalKit has no column question_type for every file: what has options is multiple choice
    _, options = split_options(optional(row, "question_for_eval") or optional(row, "question"))
    is_option = bool(options) and optional(row, "question_type") in ("", "multi-choice")
    answer = text(row, "answer")
    details = mapping(row.get("metadata"))
    return Problem(
        id=identity(row, "index", "sample_index"),
        question=_DEMAND.sub("", optional(row, "question")) or _IN_PICTURE,
        answer=gold_letter(answer, options) if is_option else answer,
        answer_kind=AnswerKind.OPTION if is_option else AnswerKind.EXPRESSION,
        images=images_of(row),
        choices=options if is_option else (),
        source="mathverse",
        family=optional(details, "subfield"),
        level=level(row),
        # what a judge is shown of a problem whose question stands in the picture alone
        tags={
            **tags(row, "problem_index", "problem_version", "question_for_eval"),
            **tags(details, "source", "subject", "subfield"),
        },
    )


def _instruction(problem: Problem) -> Instruction:
    """The authors' query_wo, an answer without reasoning: what VLMEvalKit's tables have as question."""
    return _query(problem, "directly answer the question and provide the {}.")


def _instruction_cot(problem: Problem) -> Instruction:
    """The authors' query_cot (tables 5 and 6), which VLMEvalKit puts under the name MathVerse_MINI_Vision_Only_cot."""
    return _query(problem, "first conduct reasoning, and then answer the question and provide the {}, at the end.")


def _query(problem: Problem, demand: str) -> Instruction:
    is_option = problem.answer_kind is AnswerKind.OPTION
    demand = demand.format("correct option letter, e.g., A, B, C, D" if is_option else "final value, e.g., 1, 2.5, 300")
    if problem.question == _IN_PICTURE:
        return Instruction(before=f"According to the question shown in the image, please {demand}", alone=True)
    return Instruction(before=f"Please {demand}\nQuestion: ")


def _official(problem: Problem, response: str) -> Verdict:
    stated = stated_answer(response)
    extracted = (stated.answer if stated else response).strip()
    return official_verdict(
        "mathverse/same-text",
        correct=extracted == problem.answer,
        extracted=extracted,
        extractor=stated.extractor if stated else "mathverse/whole",
    )


def _metrics(graded: Sequence[Graded]) -> dict[str, Value]:
    vision_only = [attempt for attempt in graded if attempt.problem.tags.get("problem_version") == _VISION_ONLY]
    return {
        "all_versions": accuracy(graded),
        "vision_only": accuracy(vision_only),
        **by_tag(graded, "problem_version"),
        **by_tag(graded, "subject"),
        **by_tag(graded, "subfield"),
        **by_level(graded),
    }


MATHVERSE = Benchmark(
    name="mathverse",
    title="MathVerse testmini",
    source="2403.14624; ZrrSkywalker/MathVerse; VLMEvalKit, vlmeval/dataset/utils/mathverse.py",
    hub=HubTable(repository="AI4Math/MathVerse", name="testmini", split="testmini"),
    tsv="MathVerse_MINI",
    instruction=_instruction,
    instruction_cot=_instruction_cot,
    columns=("question", "answer", "problem_version"),
    read=_read,
    official=_official,
    official_source="VLMEvalKit, vlmeval/dataset/utils/mathverse.py; the LLMs that extract and decide are left out",
    metrics=_metrics,
    main_metric="all_versions",
)
