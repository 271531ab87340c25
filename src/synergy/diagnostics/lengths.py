"""Whether longer answers to one problem are the better ones.

Over different problems length and accuracy are tied by difficulty: what is hard is long and wrong. So lengths of right
and wrong attempts are compared within problems that have both, and problems are what is resampled.
"""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from jaxtyping import Float

from synergy.diagnostics.diagnostic import Inquiry
from synergy.diagnostics.finding import Cell, Finding, FindingColumn, FindingCurve
from synergy.diagnostics.samples import Sample, read_samples
from synergy.diagnostics.subject import Subject

NUM_DRAWS = 10_000


def lengths(inquiry: Inquiry) -> Finding:
    """A row a subject and evaluation set: mean length of right and of wrong attempts at problems that have both."""
    rows = [
        _row(subject, name, read_samples(folder), inquiry.seed)
        for subject in inquiry.subjects
        for name, folder in subject.responses.items()
    ]
    tokens = {"unit": "tokens"}
    return Finding(
        kind="finding",
        diagnostic="lengths",
        about=tuple(subject.name for subject in inquiry.subjects),
        against=None,
        method=(
            "Problems with right and wrong attempts: mean tokens of the right ones, of the wrong ones, and the mean "
            "difference within problems with a 95 % bootstrap interval over problems."
        ),
        settings={"num_draws": NUM_DRAWS, "seed": inquiry.seed},
        columns=(
            FindingColumn(name="subject", title="model"),
            FindingColumn(name="set", title="problems of"),
            FindingColumn(name="num_problems", title="problems with both", unit="problems"),
            FindingColumn.model_validate({"name": "right", "title": "right", **tokens}),
            FindingColumn.model_validate({"name": "wrong", "title": "wrong", **tokens}),
            FindingColumn.model_validate(
                {"name": "difference", "title": "right − wrong", "low": "low", "high": "high", **tokens}
            ),
        ),
        rows=tuple(rows),
        curves=(FindingCurve(x="set", y="difference"),),
    )


def within_problems(
    samples: Iterable[Sample],
) -> tuple[Float[np.ndarray, "num_problems"], Float[np.ndarray, "num_problems"]]:
    """Mean tokens of right and of wrong attempts, of each problem that has both; those of unknown length left out."""
    found: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for sample in samples:
        if sample.num_tokens is None:
            continue
        found[sample.problem_id][0 if sample.correct else 1].append(sample.num_tokens)
    both = [(np.mean(right), np.mean(wrong)) for right, wrong in found.values() if right and wrong]
    right, wrong = np.array(both, dtype=np.float64).reshape(-1, 2).T
    return right, wrong


def _row(subject: Subject, name: str, samples: Iterable[Sample], seed: int) -> dict[str, Cell]:
    right, wrong = within_problems(samples)
    row: dict[str, Cell] = {"subject": subject.name, "set": name, "num_problems": len(right)}
    if not len(right):
        return row
    differences = right - wrong
    drawn = np.random.default_rng(seed).integers(len(differences), size=(NUM_DRAWS, len(differences)))
    low, high = np.quantile(differences[drawn].mean(axis=1), [0.025, 0.975])
    return row | {
        "right": float(right.mean()),
        "wrong": float(wrong.mean()),
        "difference": float(differences.mean()),
        "low": float(low),
        "high": float(high),
    }
