r"""Formulas: read from LaTeX or plain text, compared by their values. No sympy, no `eval`, bounded time.

It is the first reader of every formula: exact fractions where the formula is rational, complex doubles elsewhere. What
it cannot read or decide goes to math-verify in the worker pool (`grading.symbolic`).
"""

from synergy.grading.formula.equality import Decision, compare_formulas

__all__ = ["Decision", "compare_formulas"]
