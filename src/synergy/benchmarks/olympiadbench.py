"""OlympiadBench, open-ended mathematics in English without pictures: 675 of 8,476 problems (2402.14008).

Rule (OpenBMB/OlympiadBench, eval/auto_scoring_judge.py): all boxes of the response together are the answer; it is cut
at commas outside brackets and its parts have to pair off with the gold one's, in any order, "±" counting as two. A
number may be off by the problem's own `error`, else by 1e-8, also as a percentage either way. Formulas are compared by
our own grading where upstream evaluates them.
"""

from synergy.benchmarks.benchmark import Benchmark, HubTable, Instruction, Row
from synergy.benchmarks.columns import identity, level, optional, tags, text, values
from synergy.benchmarks.equality import formulas_equal, plain_number
from synergy.benchmarks.metrics import overall_and_by
from synergy.benchmarks.stated import all_boxed
from synergy.benchmarks.verdicts import official_verdict
from synergy.errors import InputError
from synergy.records import AnswerKind, Problem, Verdict

_TOLERANCE = 1e-8
_SLACK = 1.01  # upstream's, over the tolerance
_MAX_PARTS = 50
_SEVERAL = "is_multiple_answer"
_TYPES = {
    "Numerical": "a numerical value",
    "Expression": "an expression",
    "Equation": "an equation",
    "Interval": "an interval",
}


def _read(row: Row) -> Problem:
    answers = values(row.get("final_answer")) or values(row.get("answer"))
    if not answers:
        raise InputError("final_answer is empty; expected a list of one answer")
    answer = str(answers[0]).strip().strip("$")
    is_number = plain_number(answer) is not None
    context, question = optional(row, "context"), text(row, "question")
    return Problem(
        id=identity(row, "id"),
        question=f"{context}\n{question}" if context else question,
        answer=answer,
        answer_kind=AnswerKind.NUMBER if is_number else AnswerKind.EXPRESSION,
        source="olympiadbench",
        family=optional(row, "subfield"),
        level=level(row),
        absolute_tolerance=_tolerance(row),
        tags=tags(row, "subfield", "answer_type", "unit", _SEVERAL),
    )


def _tolerance(row: Row) -> float:
    written = optional(row, "error")
    if not written:
        return 0.0
    found = plain_number(written)
    if found is None:
        raise InputError(f"error is '{written}'; expected a number such as 1e-1")
    return found


def _instruction(problem: Problem) -> Instruction:
    """OpenBMB/OlympiadBench, inference/code/evaluators/evaluator.py, make_prompt; VLMEvalKit has the same.

    Types that differ between a problem's answers, which none of the 675 has, go unnamed here as tuples do.
    """
    several, kind = problem.tags.get(_SEVERAL) == "True", _TYPES.get(problem.tags.get("answer_type", ""))
    if kind:
        subject = "The problem has multiple answers, each of them" if several else "The answer of The problem"
        kind = f"{subject} should be {kind}. "
    box = "\\boxed{multiple answers connected with commas}" if several else "\\boxed{answer}"
    unit = problem.tags.get("unit")
    apart = ", note that the unit of the answer should not be included in \\boxed{}" if unit else ""
    return Instruction(
        before=f"The following is an open-ended problem from an International Math competition. {kind or ''}Please "
        "calculate the answer according to the given requirements and the information provided. Please use LaTeX "
        "format to represent the variables and formulas used in the solution process and results. Please end your "
        f'solution with "So the final answer is {box}{"(unit)" if unit else ""}." and give the result explicitly'
        f"{apart}.\n"
    )


def _official(problem: Problem, response: str) -> Verdict:
    answer = ",".join(all_boxed(response))
    gold, parts = _parts(problem.answer), _parts(answer)
    tolerance = (problem.absolute_tolerance or _TOLERANCE) * _SLACK
    correct = len(gold) == len(parts) <= _MAX_PARTS and _pair_off(gold, parts, tolerance)
    return official_verdict("olympiadbench/parts", correct=correct, extracted=answer or None)


def _parts(answer: str) -> list[str]:
    """What stands between commas outside brackets, "±" taken both ways."""
    found, depth, start = [], 0, 0
    for position, character in enumerate(answer):
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            found.append(answer[start:position])
            start = position + 1
    found = [part.strip() for part in (*found, answer[start:]) if part.strip()]
    return [
        signed
        for part in found
        for signed in ((part.replace("\\pm", "+"), part.replace("\\pm", "-")) if "\\pm" in part else (part,))
    ]


def _pair_off(gold: list[str], parts: list[str], tolerance: float) -> bool:
    left = list(parts)
    for wanted in gold:
        match = next((part for part in left if _equal(part, wanted, tolerance)), None)
        if match is None:
            return False
        left.remove(match)
    return True


def _equal(part: str, wanted: str, tolerance: float) -> bool:
    first, second = plain_number(_bare(part)), plain_number(_bare(wanted))
    if first is not None and second is not None:
        return any(abs(value - first) <= tolerance for value in (second / 100, second, second * 100))
    return formulas_equal(_bare(part), _bare(wanted), absolute_tolerance=tolerance)


def _bare(part: str) -> str:
    for sign in ("\\%", "%", "^{\\circ}", "^\\circ", "$"):
        part = part.replace(sign, "")
    return part.strip()


OLYMPIADBENCH = Benchmark(
    name="olympiadbench",
    title="OlympiadBench (maths, English, text)",
    source="2402.14008; OpenBMB/OlympiadBench",
    hub=HubTable(repository="Hothan/OlympiadBench", name="OE_TO_maths_en_COMP", split="train"),
    tsv=None,
    instruction=_instruction,
    columns=("question", "final_answer|answer"),
    read=_read,
    official=_official,
    official_source="OpenBMB/OlympiadBench, eval/auto_scoring_judge.py; formulas are compared by our grading",
    metrics=overall_and_by("subfield", "answer_type"),
    main_metric="overall",
)
