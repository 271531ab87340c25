"""MMMU: 900 validation questions from 30 college subjects, options or a short answer (2311.16502).

Layouts: VLMEvalKit's MMMU_DEV_VAL.tsv, the lmms-lab table with `options` as a list in a text, and the per-subject
tables of the authors; pictures in image_1 … image_7. "<image 1>" stays in the question as the authors have it;
VLMEvalKit puts the picture there, here all come first. Rows of the split dev, which the TSV file also has, do not
count. VLMEvalKit gives questions without options no instruction. Metrics: "overall" over questions, as
main_eval_only.py has it, and each of six disciplines and 30 subjects.

The rule reads the published responses of LLaVA-1.5-13B and Qwen-VL as upstream's files say, all 1,800 of them. It makes
329 and 309 of 900 right; with upstream's draws where a response names no option they are 330 (36.7) and 325 (36.1).
Levels: JierunChen/MMMU_with_difficulty_level, the same problems with measured difficulty (see `columns.level`).
"""

import json
import re
from collections.abc import Sequence

from synergy.benchmarks.benchmark import Benchmark, Graded, HubTable, Row, Value
from synergy.benchmarks.columns import choices, identity, level, optional, tags, text, values
from synergy.benchmarks.images import images_of
from synergy.benchmarks.instructions import select_option
from synergy.benchmarks.metrics import overall_and_by
from synergy.benchmarks.mmmu_rule import read_option, read_short, short_is_right
from synergy.benchmarks.options import show_options
from synergy.benchmarks.verdicts import official_verdict
from synergy.data.options import gold_letter
from synergy.records import AnswerKind, Problem, Verdict

_DISCIPLINES = {
    "Art and Design": "Art Art_Theory Design Music",
    "Business": "Accounting Economics Finance Manage Marketing",
    "Science": "Biology Chemistry Geography Math Physics",
    "Health and Medicine": "Basic_Medical_Science Clinical_Medicine Diagnostics_and_Laboratory_Medicine Pharmacy "
    "Public_Health",
    "Humanities and Social Science": "History Literature Sociology Psychology",
    "Tech and Engineering": "Agriculture Architecture_and_Engineering Computer_Science Electronics Energy_and_Power "
    "Materials Mechanical_Engineering",
}
DISCIPLINE_OF = {subject: name for name, subjects in _DISCIPLINES.items() for subject in subjects.split()}

_SUBJECT = re.compile(r"[a-z]+_(?P<subject>.+)_[0-9]+")
_NUMBER = re.compile(r"-?[0-9][0-9,]*(?:\.[0-9]+)?(?:/[0-9]+)?")
_GOLDS = "accepted answers"  # a tag: the short answers that count, as a JSON list


def read_subject(row: Row, problem_id: str) -> dict[str, str]:
    """The subject and discipline of a question as tags, from its id "validation_Art_Theory_1" or its own column."""
    match = _SUBJECT.fullmatch(problem_id)
    subject = match["subject"] if match else optional(row, "subject", "category").replace(" ", "_")
    found = {"subject": subject, "discipline": DISCIPLINE_OF.get(subject, "")}
    return {name: value for name, value in found.items() if value}


def _read(row: Row) -> Problem:
    problem_id = identity(row, "id", "index")
    options = choices(row, "options")
    golds = [str(gold).strip() for gold in values(row.get("answer"))] or [text(row, "answer")]
    marks = tags(row, "split", "topic_difficulty", "img_type") | read_subject(row, problem_id)
    is_short = not options
    return Problem(
        id=problem_id,
        question=show_options(text(row, "question"), options, optional(row, "hint")),
        answer=golds[0] if is_short else gold_letter(golds[0], options),
        answer_kind=_short_kind(golds[0]) if is_short else AnswerKind.OPTION,
        images=images_of(row),
        choices=options,
        source="mmmu",
        family=marks.get("subject", ""),
        level=level(row),
        tags=marks | ({_GOLDS: json.dumps(golds)} if is_short else {}),
    )


def _short_kind(gold: str) -> AnswerKind:
    return AnswerKind.NUMBER if _NUMBER.fullmatch(gold.lstrip("$")) else AnswerKind.TEXT


def _official(problem: Problem, response: str) -> Verdict:
    if problem.choices:
        reading = read_option(response, problem.choices)
        return official_verdict(
            f"mmmu/{reading.rule}", correct=reading.letter == problem.answer, extracted=reading.letter
        )
    read = read_short(response)
    golds = json.loads(problem.tags.get(_GOLDS, "null")) or [problem.answer]
    return official_verdict("mmmu/short", correct=short_is_right(golds, read), extracted="; ".join(map(str, read)))


def _metrics(graded: Sequence[Graded]) -> dict[str, Value]:
    counted = [attempt for attempt in graded if attempt.problem.tags.get("split") != "dev"]
    return {**overall_and_by("discipline", "subject")(counted)}


MMMU = Benchmark(
    name="mmmu",
    title="MMMU val",
    source="2311.16502; MMMU-Benchmark/MMMU, eval",
    hub=HubTable(repository="lmms-lab/MMMU", split="validation"),
    tsv="MMMU_DEV_VAL",
    instruction=select_option,
    columns=("question", "answer"),
    read=_read,
    official=_official,
    official_source="MMMU-Benchmark/MMMU, eval/eval_utils.py; a response that names no option is wrong, upstream "
    "draws one",
    metrics=_metrics,
    main_metric="overall",
)
