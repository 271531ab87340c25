"""MMMU-Pro: 1,730 of MMMU's questions with up to ten options, or asked within the picture alone (2409.02813).

The table of the vision setting has no question of its own. Metrics as MMMU's: over questions, and each subject.

The rule gives GPT-4o's published verdicts but for upstream's lucky draws (9 in the setting vision direct) and for one
question whose options are a list in a list, which upstream takes for a single option.
"""

from synergy.benchmarks.benchmark import Benchmark, HubTable, Instruction, Row
from synergy.benchmarks.columns import choices, identity, level, optional, tags, text
from synergy.benchmarks.images import images_of
from synergy.benchmarks.metrics import overall_and_by
from synergy.benchmarks.mmmu import read_subject
from synergy.benchmarks.mmmu_rule import read_option_pro
from synergy.benchmarks.options import show_options
from synergy.benchmarks.verdicts import official_verdict
from synergy.data.options import gold_letter
from synergy.records import AnswerKind, Problem, Verdict

_IN_PICTURE = "Answer the question in the image."


def _read(row: Row) -> Problem:
    problem_id = identity(row, "id", "index")
    options, question = choices(row, "options"), optional(row, "question")
    marks = tags(row, "topic_difficulty", "img_type") | read_subject(row, problem_id)
    return Problem(
        id=problem_id,
        question=show_options(question, options) if question else _IN_PICTURE,
        answer=gold_letter(text(row, "answer"), options),
        answer_kind=AnswerKind.OPTION,
        images=images_of(row),
        choices=options,
        source="mmmu_pro",
        family=marks.get("subject", ""),
        level=level(row),
        tags=marks,
    )


def _instruction(problem: Problem) -> Instruction:
    """VLMEvalKit, vlmeval/dataset/image_mcq.py, MMMUProDataset.build_prompt; the authors' words are close to it."""
    return _ask(problem, "", "Answer directly with the option letter from the given choices. ")


def _instruction_cot(problem: Problem) -> Instruction:
    """The same under the names MMMU_Pro_10c_COT and MMMU_Pro_V_COT."""
    return _ask(
        problem,
        "Answer the following multiple-choice question. ",
        "The last line of your response should be of the following format: 'Answer: $LETTER' (without quotes) where "
        "LETTER is one of the options. Think step by step before answering. ",
    )


def _ask(problem: Problem, opening: str, demand: str) -> Instruction:
    if problem.question == _IN_PICTURE:
        return Instruction(before=f"Answer the following multiple-choice question in the image. {demand}", alone=True)
    return Instruction(after=f"\n{opening}{demand}")


def _official(problem: Problem, response: str) -> Verdict:
    reading = read_option_pro(response, problem.choices)
    return official_verdict(
        f"mmmu_pro/{reading.rule}", correct=reading.letter == problem.answer, extracted=reading.letter
    )


MMMU_PRO = Benchmark(
    name="mmmu_pro",
    title="MMMU-Pro (10 options)",
    source="2409.02813; MMMU-Benchmark/MMMU, mmmu-pro",
    hub=HubTable(repository="MMMU/MMMU_Pro", name="standard (10 options)", split="test"),
    tsv="MMMU_Pro_10c",
    instruction=_instruction,
    instruction_cot=_instruction_cot,
    columns=("options|A", "answer"),
    read=_read,
    official=_official,
    official_source="MMMU-Benchmark/MMMU, mmmu-pro/evaluate.py; a response that names no option is wrong, upstream "
    "draws one",
    metrics=overall_and_by("discipline", "subject"),
    main_metric="overall",
)
