r"""The rule of the text-only mathematics sets: the last \boxed{} is the answer, formulas are equal as our grading says.

Evaluation scripts of these sets (hendrycks/math, Qwen2.5-Math and what descends from it) take the last box and compare
with sympy on the response's text; here the comparison runs in the grading pool. Nothing in a box is no answer.
"""

from synergy.benchmarks.benchmark import Row
from synergy.benchmarks.columns import optional
from synergy.benchmarks.equality import formulas_equal
from synergy.benchmarks.stated import last_boxed
from synergy.benchmarks.verdicts import official_verdict
from synergy.errors import InputError
from synergy.records import Problem, Verdict


def boxed_formula(problem: Problem, response: str) -> Verdict:
    """Right where the last box holds a formula equal to the gold one."""
    answer = last_boxed(response)
    correct = answer is not None and formulas_equal(
        answer, problem.answer, absolute_tolerance=problem.absolute_tolerance
    )
    return official_verdict("boxed/equal", correct=correct, extracted=answer)


def gold_of(row: Row) -> str:
    """The gold answer: the column answer, or the last box of the column solution; raises InputError without either."""
    answer = optional(row, "answer") or last_boxed(optional(row, "solution"))
    if not answer:
        raise InputError("answer is empty and solution has no \\boxed{}; expected one of them")
    return answer
