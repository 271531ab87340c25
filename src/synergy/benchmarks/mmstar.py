"""MMStar: 1,500 questions that need the picture, six capabilities of 250 each (2403.20330, Lin-Chen/MMStar).

Layouts: VLMEvalKit's MMStar.tsv (options A … D in columns) and the authors' hub table, whose options stand in the
question ("Options: A: …, B: …"); where they cannot be told apart there, letters stand for them.
Metrics: "overall" as VLMEvalKit's report, "macro" over the six capabilities as the authors', and each capability.
Levels: JierunChen/MMStar_with_difficulty_level, the same problems with measured difficulty (see `columns.level`).
"""

from collections.abc import Sequence

from synergy.benchmarks.benchmark import Benchmark, Graded, HubTable, Row, Value
from synergy.benchmarks.columns import choices, identity, level, optional, tags, text
from synergy.benchmarks.images import images_of
from synergy.benchmarks.instructions import select_option
from synergy.benchmarks.mcq import official_option
from synergy.benchmarks.metrics import by_tag, macro, overall_and_by
from synergy.benchmarks.options import show_options
from synergy.data.options import gold_letter, split_options
from synergy.records import AnswerKind, Problem

_ONLY_LETTERS = ("A", "B", "C", "D")


def _read(row: Row) -> Problem:
    question, options = text(row, "question"), choices(row)
    if not options:
        question, options = split_options(question)
    shown = show_options(question, options, optional(row, "hint"))
    options = options or _ONLY_LETTERS
    return Problem(
        id=identity(row, "index"),
        question=shown,
        answer=gold_letter(text(row, "answer"), options),
        answer_kind=AnswerKind.OPTION,
        images=images_of(row),
        choices=options,
        source="mmstar",
        family=optional(row, "category"),
        level=level(row),
        tags=tags(row, "category", "l2_category"),
    )


def _metrics(graded: Sequence[Graded]) -> dict[str, Value]:
    return {**overall_and_by("category", "l2_category")(graded), "macro": macro(by_tag(graded, "category"))}


MMSTAR = Benchmark(
    name="mmstar",
    title="MMStar",
    source="2403.20330; open-compass/VLMEvalKit, vlmeval/dataset/image_mcq.py",
    hub=HubTable(repository="Lin-Chen/MMStar", split="val"),
    tsv="MMStar",
    instruction=select_option,
    columns=("question", "answer"),
    read=_read,
    official=official_option,
    official_source="VLMEvalKit, can_infer with the judge exact_matching; the LLM it asks otherwise is left out",
    metrics=_metrics,
    main_metric="overall",
)
