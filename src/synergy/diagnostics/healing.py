"""Does accuracy on held-out tasks peak early in SFT and fall then, and does RL restore what was lost?

The claim is 2509.12235's: the peak comes early, RL restores only from within a window of checkpoints and does not go
beyond the peak. How each is decided here is ours, and stands in the finding's method.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from synergy.diagnostics.accuracies import drawn_means, read_accuracies, side_by_side, with_ends
from synergy.diagnostics.descents import Descent, descents
from synergy.diagnostics.diagnostic import Inquiry, LackingError
from synergy.diagnostics.finding import Cell, Finding, FindingColumn, FindingCurve, Verdict
from synergy.diagnostics.stored import evaluated_by
from synergy.diagnostics.subject import Subject
from synergy.diagnostics.trajectory import longest_trajectory
from synergy.evaluation.set_roles import is_held_out

MIN_CHECKPOINTS = 3  #: on one course of SFT; ours
LEVEL = 0.05
_AFTER_SFT, _AFTER_RL = "after SFT", "after SFT and RL"


@dataclass(frozen=True, kw_only=True, eq=False)
class Course:
    """Accuracy on some problems along a course of SFT."""

    names: Sequence[str]  #: of the checkpoints, shortest SFT first
    num_seen: Sequence[int]  #: demonstrations
    sft: Float[np.ndarray, "num_checkpoints num_problems"]
    rl: Float[np.ndarray, "num_checkpoints num_problems"]  #: after RL from each


def healing(inquiry: Inquiry) -> Finding:
    """Two rows a checkpoint; raises LackingError without three of one course, or without held-out tasks."""
    course = longest_trajectory(descents(inquiry.subjects))
    if len(course) < MIN_CHECKPOINTS:
        raise LackingError(
            f"{len(course)} SFT checkpoints that differ in their number of steps alone, with RL from each; expected at "
            f"least {MIN_CHECKPOINTS}"
        )
    inside, outside = (_course(course, held_out=held_out) for held_out in (False, True))
    rows = _rows(inside, outside, inquiry.seed)
    return Finding(
        kind="finding",
        diagnostic="healing",
        about=tuple(each.sft.name for each in course),
        against=None,
        method=(
            "SFT checkpoints that differ in their number of steps alone, and the same RL from each; 95 % bootstrap "
            "intervals over problems. There is a peak where the last checkpoint is below the best one on held-out "
            "tasks, by a paired interval at 95 % shared out over all checkpoints (Bonferroni). RL restores from the "
            "checkpoints after the peak from which it gains there; what is restored is the share of a loss since the "
            "peak."
        ),
        settings={"seed": inquiry.seed, "level": LEVEL},
        verdicts=_verdicts(outside, inquiry.seed),
        columns=(
            FindingColumn(name="subject", title="checkpoint"),
            FindingColumn(name="stage", title="measured"),
            FindingColumn(name="num_seen", title="demonstrations seen"),
            FindingColumn(name="inside", title="own tasks", unit="%", low="inside_low", high="inside_high"),
            FindingColumn(name="outside", title="held-out tasks", unit="%", low="outside_low", high="outside_high"),
            FindingColumn(
                name="gained", title="RL adds on held-out tasks", unit="points", low="gained_low", high="gained_high"
            ),
            FindingColumn(name="restored", title="of the loss since the peak restored", unit="%"),
        ),
        rows=tuple(rows),
        curves=(
            FindingCurve(x="num_seen", y="outside", by="stage"),
            FindingCurve(x="num_seen", y="inside", by="stage"),
        ),
    )


def peak_verdict(course: Course, seed: int) -> tuple[Literal["peak", "no peak"], int, str]:
    """Whether accuracy falls after its best checkpoint, that checkpoint's place, and the numbers in a sentence."""
    means = course.sft.mean(axis=1)
    best, last = int(means.argmax()), len(means) - 1
    share = LEVEL / max(1, last)
    fall = means[best] - means[last]
    draws = drawn_means(course.sft, seed)
    low, high = np.quantile(draws[:, best] - draws[:, last], [share / 2, 1 - share / 2])
    said = (
        f"Best on held-out tasks after {course.num_seen[best]} demonstrations with {100 * means[best]:.1f} %; after "
        f"{course.num_seen[last]} it is {100 * means[last]:.1f} %, {100 * fall:.1f} points less "
        f"({100 * low:.1f} … {100 * high:.1f})."
    )
    return ("peak" if best < last and low > 0 else "no peak"), best, said


def window_of(course: Course, seed: int) -> list[int]:
    """Places of the checkpoints from which RL gains, its paired 95 % interval being above 0."""
    draws = drawn_means(course.rl - course.sft, seed)
    return [place for place in range(len(course.names)) if np.quantile(draws[:, place], LEVEL / 2) > 0]


def _verdicts(course: Course, seed: int) -> tuple[Verdict, ...]:
    word, best, said = peak_verdict(course, seed)
    after = [place for place in window_of(course, seed) if place > best]
    means, top = course.rl.mean(axis=1), course.sft.mean(axis=1)[best]
    highest = int(means.argmax())
    beyond = np.quantile(drawn_means(course.rl[[highest]] - course.sft[[best]], seed), LEVEL / 2) > 0
    if word == "no peak":
        healed = "nothing lost"
    else:
        healed = "beyond the peak" if after and beyond else "restores" if after else "does not restore"
    window = ", ".join(course.names[place] for place in after) or "none"
    return (
        Verdict(subject=_AFTER_SFT, name=word, because=said),
        Verdict(
            subject=_AFTER_RL,
            name=healed,
            because=(
                f"Checkpoints after the best from which RL gains on held-out tasks: {window}. The highest after RL is "
                f"{100 * means[highest]:.1f} % from {course.names[highest]}, the highest of SFT {100 * top:.1f} %."
            ),
        ),
    )


def _course(found: Sequence[Descent], *, held_out: bool) -> Course:
    sft = [_accuracies(each.sft, held_out=held_out) for each in found]
    rl = [_accuracies(each.rl, held_out=held_out) for each in found]
    scores = side_by_side([*sft, *rl])
    return Course(
        names=[each.sft.name for each in found],
        num_seen=[each.num_seen for each in found],
        sft=scores[: len(found)],
        rl=scores[len(found) :],
    )


def _accuracies(subject: Subject, *, held_out: bool) -> dict[str, float]:
    """On all sets of that kind together whose pictures are shown; raises LackingError where there is none."""
    folders = []
    for name, folder in subject.responses.items():
        config = evaluated_by(folder)
        if config is not None and config.data.images == "shown" and is_held_out(name, config.data) is held_out:
            folders.append(folder)
    if not folders:
        kind = "held-out tasks (a set named held_out…, or of held-out families)" if held_out else "its own tasks"
        raise LackingError(f"{subject.name}: not evaluated on {kind}")
    return read_accuracies(folders)


def _rows(inside: Course, outside: Course, seed: int) -> list[dict[str, Cell]]:
    drawn = {
        (name, stage): drawn_means(scores, seed)
        for name, course in (("inside", inside), ("outside", outside))
        for stage, scores in ((_AFTER_SFT, course.sft), (_AFTER_RL, course.rl))
    }
    gained = drawn["outside", _AFTER_RL] - drawn["outside", _AFTER_SFT]
    after_sft, after_rl = outside.sft.mean(axis=1), outside.rl.mean(axis=1)
    best = int(after_sft.argmax())
    rows: list[dict[str, Cell]] = []
    for stage, place in ((stage, place) for stage in (_AFTER_SFT, _AFTER_RL) for place in range(len(inside.names))):
        row: dict[str, Cell] = {
            "subject": inside.names[place],
            "stage": stage,
            "num_seen": inside.num_seen[place],
        }
        for name, course in (("inside", inside), ("outside", outside)):
            scores = course.sft if stage == _AFTER_SFT else course.rl
            row |= with_ends(name, scores[place].mean(), drawn[name, stage][:, place])
        if stage == _AFTER_RL:
            row |= with_ends("gained", after_rl[place] - after_sft[place], gained[:, place])
            lost = after_sft[best] - after_sft[place]
            if place > best and lost > 0:
                row["restored"] = float((after_rl[place] - after_sft[place]) / lost)
        rows.append(row)
    return rows
