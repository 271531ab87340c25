"""We-Math testmini: 1,740 questions of 525 problems, each asked whole and by its two or three steps (2407.01284).

The four-dimensional scores of We-Math/We-Math, evaluation/four_dimensional_metrics.py, which VLMEvalKit also has. With
the problem as a whole right or wrong (multi) and its steps:

| whole | steps | counts as |
|---|---|---|
| wrong | one wrong | insufficient knowledge (IK) |
| wrong | all right | inadequate generalisation (IG) |
| right | strict: all right; loose: one right | complete mastery (CM) |
| right | strict: one wrong; loose: all wrong | rote memorisation (RM) |

Score = (N − IG/2 − RM − IK) / N, which is CM + IG/2; RM's rate is out of CM + RM. Upstream has N = 525 written down;
here N is the number of problems whose rows are all there, which is the same for the whole set. Others do not count.

Instruction: none under VLMEvalKit's name WeMath. Its first WeMath.tsv (January 2025) had the authors' template within
the question; in the next the template is the column `requirement`, which only WeMath_COT appends. The rule below reads
what the template asks for, other responses go to VLMEvalKit's LLM.

Layouts: VLMEvalKit's WeMath.tsv (A … H in columns) and the authors' hub table (one `option` text).
"""

import re
from collections.abc import Sequence

from synergy.benchmarks.benchmark import Benchmark, Graded, HubTable, Instruction, Row, Value
from synergy.benchmarks.columns import choices, identity, level, tags, text
from synergy.benchmarks.images import images_of
from synergy.benchmarks.instructions import no_demand
from synergy.benchmarks.metrics import accuracy, by_level, mean
from synergy.benchmarks.options import show_options
from synergy.benchmarks.verdicts import official_verdict
from synergy.data.options import gold_letter, listed_options
from synergy.errors import InputError
from synergy.records import AnswerKind, Problem, Verdict

_KEY = re.compile(r"(?P<steps>[23])steps_(?P<part>[123]|multi)")
_LETTERS = "ABCDEFGH"
_TEMPLATE = re.compile(r"\s*Regarding the format, please answer following the template below.*", re.DOTALL)


def _read(row: Row) -> Problem:
    options = choices(row) or listed_options(text(row, "option"))
    problem, key = text(row, "ID"), text(row, "key")
    if not _KEY.fullmatch(key):
        raise InputError(f"key is '{key}'; expected 2steps_1, 2steps_2, 2steps_multi or the like of 3steps")
    return Problem(
        # the hub's table has no id of a row: a problem's parts differ in their keys
        id=identity(row, "index") if "index" in row else f"{problem}-{key}",
        question=show_options(_TEMPLATE.sub("", text(row, "question")), options),
        answer=gold_letter(text(row, "answer"), options),
        answer_kind=AnswerKind.OPTION,
        images=images_of(row),
        choices=options,
        source="wemath",
        family=key,
        level=level(row),
        tags=tags(row, "ID", "key", "knowledge concept"),
    )


def _instruction_cot(_: Problem) -> Instruction:
    """The authors' template (table 3) as VLMEvalKit's vlmeval/dataset/utils/wemath.py cuts it out of a question."""
    return Instruction(
        after="\n\nRegarding the format, please answer following the template below, and be sure to include two <> "
        "symbols:\n<Thought process>: <<your thought process>> <Answer>: <<your option>>"
    )


def _official(problem: Problem, response: str) -> Verdict:
    """The first character after the last "Answer", where it is A … H; < > : and . are skipped."""
    tail = re.sub(r"[<>:.]", "", response.rpartition("Answer")[2].strip()).strip()
    letter = tail[0] if tail and tail[0] in _LETTERS else None
    return official_verdict("wemath/template", correct=letter == problem.answer, extracted=letter)


def _metrics(graded: Sequence[Graded]) -> dict[str, Value]:
    problems = [(steps, whole) for *steps, whole in _complete_problems(graded)]
    num = len(problems)
    lacking = sum(not whole and not all(steps) for steps, whole in problems)
    ungeneral = sum(not whole and all(steps) for steps, whole in problems)
    mastered = {
        "strict": sum(whole and all(steps) for steps, whole in problems),
        "loose": sum(whole and any(steps) for steps, whole in problems),
    }
    found: dict[str, Value] = {}
    for name, num_mastered in mastered.items():
        num_right = sum(whole for _, whole in problems)
        found[name] = _share(num_mastered + ungeneral / 2, num)
        found[f"{name}/complete_mastery"] = _share(num_mastered, num)
        found[f"{name}/rote_memorization"] = _share(num_right - num_mastered, num_right)
    found["insufficient_knowledge"] = _share(lacking, num)
    found["inadequate_generalization"] = _share(ungeneral, num)
    found["one_step"] = mean(step for steps, _ in problems for step in steps)
    found["two_steps"] = mean(whole for steps, whole in problems if len(steps) == 2)
    found["three_steps"] = mean(whole for steps, whole in problems if len(steps) == 3)
    return {**found, "accuracy": accuracy(graded), **by_level(graded)}


def _complete_problems(graded: Sequence[Graded]) -> list[list[bool]]:
    """For each problem whose parts are all there, whether each step is right, and last whether the whole is."""
    problems: dict[tuple[int, str], dict[str, bool]] = {}
    for attempt in graded:
        match = _KEY.fullmatch(attempt.problem.tags["key"])
        assert match, "keys are checked when a row is read"
        parts = problems.setdefault((int(match["steps"]), attempt.problem.tags["ID"]), {})
        parts[match["part"]] = attempt.verdict.correct
    wanted = {steps: [*map(str, range(1, steps + 1)), "multi"] for steps in (2, 3)}
    return [
        [parts[part] for part in wanted[steps]]
        for (steps, _), parts in problems.items()
        if all(part in parts for part in wanted[steps])
    ]


def _share(part: float, num: int) -> Value:
    return Value(value=part / num if num else float("nan"), num=num)


WEMATH = Benchmark(
    name="wemath",
    title="We-Math testmini",
    source="2407.01284; We-Math/We-Math, evaluation; VLMEvalKit, vlmeval/dataset/utils/wemath.py",
    hub=HubTable(repository="We-Math/We-Math", split="testmini"),
    tsv="WeMath",
    instruction=no_demand,
    instruction_cot=_instruction_cot,
    columns=("ID", "key", "question", "answer", "option|A"),
    read=_read,
    official=_official,
    official_source="We-Math/We-Math, evaluation/four_dimensional_metrics.py; VLMEvalKit's LLM that matches options is "
    "left out",
    metrics=_metrics,
    main_metric="strict",
)
