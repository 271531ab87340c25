"""How much of a model's accuracy needs the picture: the same problems with it shown, grey, swapped and under noise.

What stays right without the picture is guessed, known or read from the question. Where a study has an evaluation set
of the same problems with other pictures (`images: blank`), its responses are taken; else the model is run again.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import numpy as np

from synergy.config.data import ImagesAs
from synergy.config.resolve import resolved
from synergy.config.study_steps import EvaluateStepConfig
from synergy.diagnostics.accuracies import drawn_means, read_accuracies, side_by_side, with_ends
from synergy.diagnostics.again import evaluated_with_images
from synergy.diagnostics.diagnostic import Inquiry, LackingError
from synergy.diagnostics.finding import Cell, Finding, FindingColumn, FindingCurve, Verdict
from synergy.diagnostics.stored import evaluated_by, has_pictures
from synergy.diagnostics.subject import Subject

NUM_PROBLEMS = 500  #: of a set, the first ones, where the model is run again; ours
HOW: tuple[ImagesAs, ...] = tuple(each for each in get_args(ImagesAs) if each != "shown")
SEES = 0.5  #: of accuracy above what swapped pictures give, as a share of accuracy: ours


def seeing(inquiry: Inquiry) -> Finding:
    """A row a subject, evaluation set and kind of picture; raises LackingError where no set has pictures."""
    subjects = [*inquiry.subjects, *([inquiry.against] if inquiry.against is not None else [])]
    rows: list[dict[str, Cell]] = []
    verdicts: list[Verdict] = []
    for subject in subjects:
        for name, config in _with_pictures(subject).items():
            found = _rows(inquiry, subject, name, config)
            rows += found
            verdicts.append(_verdict(subject, name, found))
    if not rows:
        raise LackingError("no evaluation of a study on problems with pictures; expected one")
    return Finding(
        kind="finding",
        diagnostic="seeing",
        about=tuple(subject.name for subject in inquiry.subjects),
        against=inquiry.against.name if inquiry.against is not None else None,
        method=(
            "The same problems, prompts and random numbers with the pictures grey, swapped with another problem's of "
            f"the same family, and under noise; on the first {NUM_PROBLEMS} problems where the study has no such set. "
            "The share that needs the picture is 1 − accuracy without it / accuracy with it; 95 % bootstrap intervals "
            "over problems. A model is said to see where that share's interval lies above one half with swapped "
            "pictures, to be blind where it lies below."
        ),
        settings={"num_problems": NUM_PROBLEMS, "seed": inquiry.seed, "sees": SEES},
        verdicts=tuple(verdicts),
        columns=(
            FindingColumn(name="subject", title="model"),
            FindingColumn(name="set", title="problems of"),
            FindingColumn(name="images", title="pictures"),
            FindingColumn(name="num_problems", title="problems", unit="problems"),
            FindingColumn(name="shown", title="accuracy with them", unit="%"),
            FindingColumn(name="accuracy", title="accuracy", unit="%", low="accuracy_low", high="accuracy_high"),
            FindingColumn(name="lost", title="lost", unit="points", low="lost_low", high="lost_high"),
            FindingColumn(
                name="share", title="share that needs the picture", unit="%", low="share_low", high="share_high"
            ),
        ),
        rows=tuple(rows),
        curves=(FindingCurve(x="images", y="share"),),
    )


def compared(
    shown: Mapping[str, float], otherwise: Mapping[str, float], seed: int
) -> tuple[int, float, dict[str, Cell]]:
    """Problems that both answered, accuracy with pictures, and the cells of accuracy, loss and share without them."""
    scores = side_by_side([shown, otherwise])
    with_them, without = scores.mean(axis=1).tolist()
    draws = drawn_means(scores, seed)
    cells = with_ends("accuracy", without, draws[:, 1]) | with_ends(
        "lost", with_them - without, draws[:, 0] - draws[:, 1]
    )
    if with_them > 0:
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = 1 - draws[:, 1] / np.where(draws[:, 0] > 0, draws[:, 0], np.nan)
        cells |= with_ends("share", 1 - without / with_them, shares)
    return scores.shape[1], with_them, cells


def _with_pictures(subject: Subject) -> dict[str, EvaluateStepConfig]:
    """The subject's evaluations on problems whose pictures are shown, by set."""
    found = {name: evaluated_by(folder) for name, folder in subject.responses.items()}
    return {
        name: config
        for name, config in found.items()
        if config is not None and config.data.images == "shown" and has_pictures(subject.responses[name])
    }


def _rows(inquiry: Inquiry, subject: Subject, name: str, config: EvaluateStepConfig) -> list[dict[str, Cell]]:
    shown = read_accuracies([subject.responses[name]])
    rows: list[dict[str, Cell]] = []
    for how in HOW:
        otherwise = read_accuracies([_stored(subject, config, how) or _again(inquiry, subject, config, how)])
        num_problems, with_them, cells = compared(shown, otherwise, inquiry.seed)
        row: dict[str, Cell] = {"subject": subject.name, "set": name, "images": how}
        rows.append(row | {"num_problems": num_problems, "shown": with_them} | cells)
    return rows


def _stored(subject: Subject, config: EvaluateStepConfig, how: ImagesAs) -> Path | None:
    """The folder of the study's evaluation on the same problems, or some of them, with other pictures."""
    wanted = resolved(config.data) | {"images": how, "num_problems": None}
    for folder in subject.responses.values():
        other = evaluated_by(folder)
        if other is None or other.protocol != config.protocol:
            continue
        if resolved(other.data) | {"num_problems": None} == wanted:
            return folder
    return None


def _again(inquiry: Inquiry, subject: Subject, config: EvaluateStepConfig, how: ImagesAs) -> Path:
    return evaluated_with_images(
        subject, config, how, num_problems=NUM_PROBLEMS, cache=inquiry.cache, on_progress=inquiry.on_progress
    )


def _verdict(subject: Subject, name: str, rows: list[dict[str, Cell]]) -> Verdict:
    swapped = next(row for row in rows if row["images"] == "swapped")
    low, high = swapped.get("share_low"), swapped.get("share_high")
    if not isinstance(low, float) or not isinstance(high, float):
        return Verdict(subject=subject.name, name="open", because=f"On {name} it is never right.")
    word = "sees" if low > SEES else "blind" if high < SEES else "open"
    told = ", ".join(f"{100 * float(row['accuracy'] or 0):.1f} % {row['images']}" for row in rows)
    return Verdict(
        subject=subject.name,
        name=word,
        because=(
            f"On {name} {100 * float(swapped['shown'] or 0):.1f} % with the pictures, {told}; with swapped ones "
            f"{100 * float(swapped['share'] or 0):.0f} % of it is lost ({100 * low:.0f} … {100 * high:.0f})."
        ),
    )
