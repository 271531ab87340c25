"""Accuracy under forced thinking budgets: does the model need its thinking, and would more of it help?"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from synergy.diagnostics.accuracies import drawn_means, side_by_side, with_ends
from synergy.diagnostics.budgets.beginnings import GOES_ON
from synergy.diagnostics.budgets.forcing import Forced, Forcing
from synergy.diagnostics.diagnostic import Inquiry, LackingError
from synergy.diagnostics.finding import Cell, Finding, FindingColumn, FindingCurve, Verdict
from synergy.diagnostics.samples import read_samples
from synergy.diagnostics.stored import evaluated_by
from synergy.diagnostics.subject import Subject
from synergy.prompts import get_preset

NUM_PROBLEMS = 200  #: of a set, the first ones; ours
CUTS = (0, *(2**power for power in range(3, 15)))  #: tokens of thinking that are left: none, 8, 16 …; ours
NUM_LONGER = 2  #: how often the end of thinking is taken back; ours
MARGIN = 0.02  #: thinking is idle where doing without it costs less, by the interval; ours
OWN = "own"


def budgets(inquiry: Inquiry) -> Finding:
    """A row a subject, evaluation set and budget; raises LackingError without an evaluation by a prompt preset."""
    subjects = [*inquiry.subjects, *([inquiry.against] if inquiry.against is not None else [])]
    rows: list[dict[str, Cell]] = []
    verdicts: list[Verdict] = []
    for subject in subjects:
        for name in subject.responses:
            found = _forced(inquiry, subject, name)
            if found:
                measured = _rows(subject.name, name, found, inquiry.seed)
                rows += measured
                verdicts.append(_verdict(subject.name, name, measured))
    if not rows:
        raise LackingError("no evaluation of a study under a prompt preset, which says where thinking ends")
    return Finding(
        kind="finding",
        diagnostic="budgets",
        about=tuple(subject.name for subject in inquiry.subjects),
        against=inquiry.against.name if inquiry.against is not None else None,
        method=(
            f"The model's own responses to the first {NUM_PROBLEMS} problems, begun again. Shorter: the first N tokens "
            "of the thinking, then its end and the opening of the answer are given, and the model goes on; responses "
            "whose thinking is no longer than N stay as they are. Longer: the end of thinking and all after it is "
            f"replaced by “{GOES_ON.strip()}” and the model goes on, with the whole token limit anew; twice for +2. "
            "Thinking is needed where accuracy without any is lower, idle where it is less than "
            f"{100 * MARGIN:.0f} points lower, by the interval. Each row is over all responses, touched or not; 95 % "
            "bootstrap intervals over problems."
        ),
        settings={"num_problems": NUM_PROBLEMS, "goes_on": GOES_ON, "seed": inquiry.seed},
        verdicts=tuple(verdicts),
        columns=(
            FindingColumn(name="subject", title="model"),
            FindingColumn(name="set", title="problems of"),
            FindingColumn(name="budget", title="thinking"),
            FindingColumn(name="touched", title="responses changed", unit="%"),
            FindingColumn(name="num_tokens", title="mean thinking", unit="tokens"),
            FindingColumn(name="accuracy", title="accuracy", unit="%", low="accuracy_low", high="accuracy_high"),
            FindingColumn(name="gain", title="against own", unit="points", low="gain_low", high="gain_high"),
        ),
        rows=tuple(rows),
        curves=(FindingCurve(x="num_tokens", y="accuracy"),),
    )


def cuts_below(num_tokens: Sequence[int]) -> list[int]:
    """The budgets that cut at least one response in ten short; `num_tokens` are of each one's thinking."""
    long = np.quantile(np.array(num_tokens), 0.9) if num_tokens else 0
    return [cut for cut in CUTS if cut < long]


def _forced(inquiry: Inquiry, subject: Subject, name: str) -> dict[str, list[Forced]]:
    """Responses by budget, from none to longest; empty where the set was asked without a preset."""
    config = evaluated_by(subject.responses[name])
    if config is None or config.protocol.asking.preset is None or subject.model is None:
        return {}
    forcing = Forcing(
        subject.model,
        config,
        get_preset(config.protocol.asking.preset),
        num_problems=NUM_PROBLEMS,
        cache=inquiry.cache,
        on_progress=lambda words, num_done, num: inquiry.on_progress(
            f"{subject.name} on {name}, {words}", num_done, num
        ),
    )
    own = forcing.own(list(read_samples(subject.responses[name])))
    found = {f"cut at {cut}": forcing.cut(own, cut) for cut in cuts_below([each.num_thinking_tokens for each in own])}
    found[OWN] = own
    for num_times in range(1, NUM_LONGER + 1):
        found[f"+{num_times}"] = forcing.longer(own, num_times)
    return found


def _rows(subject: str, name: str, found: dict[str, list[Forced]], seed: int) -> list[dict[str, Cell]]:
    scores = side_by_side([_accuracies(responses) for responses in found.values()])
    draws, own = drawn_means(scores, seed), list(found).index(OWN)
    means = scores.mean(axis=1)
    rows: list[dict[str, Cell]] = []
    for place, (budget, responses) in enumerate(found.items()):
        row: dict[str, Cell] = {
            "subject": subject,
            "set": name,
            "budget": budget,
            "touched": float(np.mean([each.is_touched for each in responses])),
            "num_tokens": float(np.mean([each.num_thinking_tokens for each in responses])),
        }
        row |= with_ends("accuracy", means[place], draws[:, place])
        if budget != OWN:
            row |= with_ends("gain", means[place] - means[own], draws[:, place] - draws[:, own])
        rows.append(row)
    return rows


def _accuracies(responses: Sequence[Forced]) -> dict[str, float]:
    found: dict[str, list[bool]] = defaultdict(list)
    for each in responses:
        found[each.problem_id].append(each.correct)
    return {problem: float(np.mean(correct)) for problem, correct in found.items()}


def _verdict(subject: str, name: str, rows: Sequence[dict[str, Cell]]) -> Verdict:
    shortest, longest = rows[0], rows[-1]
    word = "open"
    if _number(shortest, "gain_high") < 0:
        word = "needed"
    elif shortest["budget"] != OWN and _number(shortest, "gain_low") > -MARGIN:
        word = "idle"
    direction = (
        "helps" if _number(longest, "gain_low") > 0 else "hurts" if _number(longest, "gain_high") < 0 else "open"
    )
    return Verdict(
        subject=subject,
        name=word,
        because=(
            f"On {name}: thinking {shortest['budget']} {_told(shortest)}; made to think longer {_told(longest)}, so "
            f"whether more helps: {direction}."
        ),
    )


def _told(row: dict[str, Cell]) -> str:
    gain, low, high = (100 * _number(row, name) for name in ("gain", "gain_low", "gain_high"))
    return f"{gain:+.1f} points ({low:+.1f} … {high:+.1f})"


def _number(row: dict[str, Cell], name: str) -> float:
    value = row.get(name)
    return float(value) if isinstance(value, int | float) else 0.0
