"""Does what was learned on pictures serve in words, and the reverse: SFT against RL.

A model's own side is what it was trained on, pictures or text; the other side are evaluation sets of the other kind.
What a method carries over is the gain there as a share of the gain at home (ours; 2512.12690 compares accuracies).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from synergy.diagnostics.accuracies import drawn_means, read_accuracies, side_by_side, with_ends
from synergy.diagnostics.diagnostic import Inquiry, LackingError
from synergy.diagnostics.finding import Cell, Finding, FindingColumn, FindingCurve, Verdict
from synergy.diagnostics.stored import evaluated_by, has_pictures, trained_by
from synergy.diagnostics.subject import Subject
from synergy.evaluation.set_roles import is_held_out
from synergy.training.run_folder import RunFolder

Side = Literal["pictures", "text"]
SIDES: tuple[Side, Side] = ("pictures", "text")


@dataclass(frozen=True, kw_only=True, eq=False)
class Carried:
    """One trained model beside the untrained one; draws are over problems, each side's of its own."""

    home: Side
    method: Literal["SFT", "RL"]
    means: dict[Side, tuple[float, float]]  #: accuracy before and after
    gains: dict[Side, Float[np.ndarray, "num_draws"]]

    def gain(self, side: Side) -> float:
        """After less before."""
        before, after = self.means[side]
        return after - before

    @property
    def other(self) -> Side:
        """The side that it was not trained on."""
        return "text" if self.home == "pictures" else "pictures"


def modalities(inquiry: Inquiry) -> Finding:
    """A row a trained model; raises LackingError without models of one training or without sets of both kinds."""
    base = inquiry.against
    assert base is not None, "checked by needs_against"
    found = [(each, _carried(each, base, inquiry.seed)) for each in inquiry.subjects if len(each.runs) == 1]
    if not found:
        raise LackingError("no model that one training made of the compared one; expected arms of recipes sft or rl")
    return Finding(
        kind="finding",
        diagnostic="modalities",
        about=tuple(subject.name for subject, _ in found),
        against=base.name,
        method=(
            "A model is at home with pictures where its training encoded any, else with text; sets of held-out tasks "
            "and of changed pictures are left out. Gains over the compared model by paired bootstrap over problems; "
            "what is carried over is the gain on the other side as a share of that at home, where that gain's 95 % "
            "interval is above 0."
        ),
        settings={"seed": inquiry.seed},
        verdicts=tuple(verdicts_of([each for _, each in found])),
        columns=(
            FindingColumn(name="subject", title="model"),
            FindingColumn(name="method", title="trained by"),
            FindingColumn(name="home", title="trained on"),
            FindingColumn(name="pictures", title="with pictures", unit="%"),
            FindingColumn(name="text", title="in words", unit="%"),
            FindingColumn(name="at_home", title="gain at home", unit="points", low="at_home_low", high="at_home_high"),
            FindingColumn(name="away", title="on the other side", unit="points", low="away_low", high="away_high"),
            FindingColumn(name="carried", title="carried over", unit="%", low="carried_low", high="carried_high"),
        ),
        rows=tuple(_row(subject.name, each) for subject, each in found),
        curves=(FindingCurve(x="home", y="at_home"), FindingCurve(x="home", y="away")),
    )


def _carried(subject: Subject, base: Subject, seed: int) -> Carried:
    means: dict[Side, tuple[float, float]] = {}
    gains: dict[Side, Float[np.ndarray, "num_draws"]] = {}
    for side in SIDES:
        names = [name for name in _sets(subject, side) if name in base.responses]
        if not names:
            raise LackingError(f"{subject.name}: not evaluated with {side} as the compared model was; expected both")
        scores = side_by_side([read_accuracies([each.responses[name] for name in names]) for each in (base, subject)])
        draws = drawn_means(scores, seed)
        before, after = scores.mean(axis=1).tolist()
        means[side], gains[side] = (before, after), draws[:, 1] - draws[:, 0]
    encoded = RunFolder(subject.runs[0]).read_summary()["ledger"]["images"]
    return Carried(
        home="pictures" if encoded else "text",
        method="SFT" if trained_by(subject.runs[0]).imitates else "RL",
        means=means,
        gains=gains,
    )


def _sets(subject: Subject, side: Side) -> list[str]:
    """Sets of the training's own tasks with pictures, or without."""
    found: list[str] = []
    for name, folder in subject.responses.items():
        config = evaluated_by(folder)
        is_own = config is not None and not is_held_out(name, config.data) and config.data.images == "shown"
        if is_own and has_pictures(folder) is (side == "pictures"):
            found.append(name)
    return found


def shares_of(carried: Carried) -> Float[np.ndarray, "num_draws"] | None:
    """What is carried over, drawn; None where the gain at home is not above 0."""
    home = carried.gains[carried.home]
    if np.quantile(home, 0.025) <= 0:
        return None
    return carried.gains[carried.other] / np.where(home > 0, home, np.nan)


def _row(subject: str, carried: Carried) -> dict[str, Cell]:
    home, away = carried.gain(carried.home), carried.gain(carried.other)
    row: dict[str, Cell] = {"subject": subject, "method": carried.method, "home": carried.home}
    row |= {side: after for side, (_, after) in carried.means.items()}
    row |= with_ends("at_home", home, carried.gains[carried.home])
    row |= with_ends("away", away, carried.gains[carried.other])
    shares = shares_of(carried)
    return row if shares is None else row | with_ends("carried", away / home, shares)


def verdicts_of(found: Sequence[Carried]) -> list[Verdict]:
    """For each home with both methods, which one carries more over; models of one method and home are averaged."""
    verdicts: list[Verdict] = []
    for home in SIDES:
        of_home = [each for each in found if each.home == home]
        sft = [each for each in of_home if each.method == "SFT"]
        rl = [each for each in of_home if each.method == "RL"]
        if not sft or not rl:
            continue
        means = [float(np.mean([each.gain(each.other) for each in models])) for models in (sft, rl)]
        drawn = [np.mean([each.gains[each.other] for each in models], axis=0) for models in (sft, rl)]
        low, high = np.quantile(drawn[0] - drawn[1], [0.025, 0.975])
        word = "SFT carries more" if low > 0 else "RL carries more" if high < 0 else "open"
        verdicts.append(
            Verdict(
                subject=f"trained on {home}",
                name=word,
                because=(
                    f"On the other side SFT gains {100 * means[0]:.1f} points and RL {100 * means[1]:.1f}: "
                    f"{100 * (means[0] - means[1]):+.1f} ({100 * low:+.1f} … {100 * high:+.1f}, over problems alone)."
                ),
            )
        )
    return verdicts
