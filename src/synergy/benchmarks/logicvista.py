"""LogicVista: 448 visual reasoning questions of five skills, options drawn in the picture (2407.04973).

Gold answers are sets: "C", "A, C", or a number from "1-5". Rule (VLMEvalKit, vlmeval/dataset/utils/logicvista.py): the
letters chosen, sorted and in lower case, equal the gold ones. Upstream an LLM always extracts the letters; here the
response itself if it is nothing but letters, else the answer that it states (see `stated`), cut to its leading
letters ("B, D because …").
No instruction: VLMEvalKit's LogicVista has no build_prompt of its own and puts the table's question alone.
Metrics: "overall" and one for each skill; a question of two skills counts under both.

Layouts: VLMEvalKit's LogicVista.tsv, the hub table that lmms-eval uses, the authors' dataset.json (pictures beside it).
"""

import re

from synergy.benchmarks.benchmark import Benchmark, HubTable, Row
from synergy.benchmarks.columns import identity, level, optional, tags, text
from synergy.benchmarks.images import images_of
from synergy.benchmarks.instructions import no_demand
from synergy.benchmarks.metrics import overall_and_by
from synergy.benchmarks.stated import stated_answer
from synergy.benchmarks.verdicts import official_verdict
from synergy.records import AnswerKind, Problem, Verdict

_LETTERS = tuple("ABCDEFGHI")
_CHOSEN = re.compile(r"\(?[A-Za-z0-9]\)?(?:\s*(?:,|;|&|\band\b|\s)\s*\(?[A-Za-z0-9]\)?(?![A-Za-z0-9]))*(?![A-Za-z0-9])")
_JOINED = re.compile(r"[A-I]{2,9}|[0-9]+")
_BETWEEN = re.compile(r"[\s,;&()]+|\band\b")


def _read(row: Row) -> Problem:
    answer = text(row, "answer")
    chosen = _chosen(answer)
    kind = AnswerKind.LIST
    if chosen is not None and len(chosen) == 1:
        kind = AnswerKind.INTEGER if chosen.isdigit() else AnswerKind.OPTION
    return Problem(
        id=identity(row, "index", "id"),
        question=text(row, "question"),
        answer=f"[{answer}]" if kind is AnswerKind.LIST else answer.strip().upper(),
        answer_kind=kind,
        images=images_of(row),
        choices=_LETTERS if kind is AnswerKind.OPTION else (),
        source="logicvista",
        family=optional(row, "skill"),
        level=level(row),
        tags=tags(row, "skill", "capability"),
    )


def _official(problem: Problem, response: str) -> Verdict:
    gold = _chosen(problem.answer.strip("[]"))
    whole = _chosen(response.strip())
    stated = stated_answer(response) if whole is None else None
    match = _CHOSEN.match(stated.answer.strip("*$ ")) if stated else None
    chosen = whole if match is None else _chosen(match[0])
    return official_verdict(
        "logicvista/letters",
        correct=chosen is not None and chosen == gold,
        extracted=chosen,
        extractor=stated.extractor if stated else "logicvista/whole",
    )


def _chosen(written: str) -> str | None:
    """The letters or digits chosen, sorted, in lower case: "ac" of "A, C"; None for any other text."""
    if _JOINED.fullmatch(written):
        return "".join(sorted(written.lower()))
    parts = [part for part in _BETWEEN.split(written.strip().rstrip(".")) if part]
    if not parts or any(len(part) != 1 or not part.isalnum() for part in parts):
        return None
    return "".join(sorted(part.lower() for part in parts))


LOGICVISTA = Benchmark(
    name="logicvista",
    title="LogicVista",
    source="2407.04973; Yijia-Xiao/LogicVista; VLMEvalKit, vlmeval/dataset/utils/logicvista.py",
    hub=HubTable(repository="lscpku/LogicVista", split="test"),
    tsv="LogicVista",
    instruction=no_demand,
    columns=("question", "answer"),
    read=_read,
    official=_official,
    official_source="VLMEvalKit, vlmeval/dataset/utils/logicvista.py; its LLM that extracts the letters is left out, "
    "the stated answer stands in",
    metrics=overall_and_by("skill", "capability"),
    main_metric="overall",
)
