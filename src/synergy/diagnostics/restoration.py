"""How much of what training lost came back when singular vectors were put back, in and out of distribution."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from synergy.diagnostics.diagnostic import Inquiry, LackingError
from synergy.diagnostics.finding import Cell, Finding, FindingColumn, FindingCurve
from synergy.diagnostics.forgetting import problem_scores
from synergy.diagnostics.samples import read_samples
from synergy.diagnostics.subject import Subject
from synergy.errors import FileError
from synergy.models.merging.building import RECORD

RECIPE = "restored"
NUM_DRAWS = 10_000
Accuracy = Float[np.ndarray, "num_problems"]


def restoration(inquiry: Inquiry) -> Finding:
    """A row a restored model and evaluation set; raises LackingError without one whose tuned model is here too."""
    against = inquiry.against
    assert against is not None, "the registry says that a comparison is needed"
    pairs = [(each, tuned) for each in inquiry.subjects if (tuned := tuned_of(each, inquiry.subjects)) is not None]
    if not pairs:
        raise LackingError("no model of recipe restored beside the one that it was made of")
    rows = [row for each, tuned in pairs for row in _rows(each, tuned, against, inquiry.seed)]
    return Finding(
        kind="finding",
        diagnostic="restoration",
        about=tuple(each.name for each, _ in pairs),
        against=against.name,
        method=(
            "The same problems answered by the base, the tuned model and the restored one. Recovered: the restored "
            "model's gain over the tuned one as a share of what the tuned one lost, where that loss is beyond chance. "
            "Intervals: 95 %, bootstrap over problems."
        ),
        settings={"num_draws": NUM_DRAWS, "seed": inquiry.seed},
        columns=(
            FindingColumn(name="subject", title="model"),
            FindingColumn(name="tuned_name", title="made of"),
            FindingColumn(name="set", title="problems of"),
            FindingColumn(name="base", title="base", unit="%"),
            FindingColumn(name="tuned", title="tuned", unit="%"),
            FindingColumn(name="restored", title="restored", unit="%"),
            FindingColumn(name="change", title="change", unit="points", low="low", high="high"),
            FindingColumn(
                name="recovered", title="recovered of the loss", unit="%", low="recovered_low", high="recovered_high"
            ),
        ),
        rows=tuple(rows),
        curves=(FindingCurve(x="set", y="change"),),
    )


def tuned_of(restored: Subject, subjects: Sequence[Subject]) -> Subject | None:
    """The model that singular vectors were put back into, by the record beside the restored one; None if not there.

    Folders are compared by the name of their step, as a study's folder may have been moved. Raises FileError.
    """
    if restored.recipe != RECIPE or restored.model is None:
        return None
    path = restored.model / RECORD
    try:
        other = json.loads(path.read_text(encoding="utf-8"))["config"]["merge"]["other_model"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FileError(f"{path}: cannot be read as the record of a merge ({error}); make the model again") from None
    step = Path(other).parent.name
    return next((each for each in subjects if each.model is not None and each.model.parent.name == step), None)


def recovery(base: Accuracy, tuned: Accuracy, restored: Accuracy, seed: int) -> dict[str, float]:
    """`change` = restored − tuned, and where the base is above the tuned model beyond chance `recovered`, with ends."""
    places = np.random.default_rng(seed).integers(len(base), size=(NUM_DRAWS, len(base)), dtype=np.int32)
    gains, losses = (restored - tuned)[places].mean(axis=1), (base - tuned)[places].mean(axis=1)
    low, high = np.quantile(gains, [0.025, 0.975])
    found = {"change": float((restored - tuned).mean()), "low": float(low), "high": float(high)}
    if np.quantile(losses, 0.025) <= 0:
        return found
    shares = gains[losses > 0] / losses[losses > 0]
    low, high = np.quantile(shares, [0.025, 0.975])
    share = float((restored - tuned).mean() / (base - tuned).mean())
    return found | {"recovered": share, "recovered_low": float(low), "recovered_high": float(high)}


def _rows(restored: Subject, tuned: Subject, against: Subject, seed: int) -> list[dict[str, Cell]]:
    rows: list[dict[str, Cell]] = []
    for name in restored.responses:
        if name not in tuned.responses or name not in against.responses:
            continue
        scores = [problem_scores(read_samples(each.responses[name])) for each in (against, tuned, restored)]
        ids = [problem_id for problem_id in scores[0] if all(problem_id in each for each in scores)]
        if not ids:
            continue
        base, before, after = (np.array([each[problem_id].accuracy for problem_id in ids]) for each in scores)
        rows.append(
            {
                "subject": restored.name,
                "tuned_name": tuned.name,
                "set": name,
                "base": float(base.mean()),
                "tuned": float(before.mean()),
                "restored": float(after.mean()),
                **recovery(base, before, after, seed),
            }
        )
    return rows
