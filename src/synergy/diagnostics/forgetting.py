"""What a model can no longer do: the change of accuracy against the base by family and level, on paired problems."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from synergy.diagnostics.diagnostic import Inquiry
from synergy.diagnostics.finding import Cell, Finding, FindingColumn, FindingCurve, Verdict
from synergy.diagnostics.samples import Sample, read_samples
from synergy.diagnostics.subject import Subject
from synergy.diagnostics.trained_on import trained_families
from synergy.statistics.bootstrap import BootstrapDifference, paired_difference

MARGIN = 0.02  #: a loss of less is none; ours


@dataclass(frozen=True, kw_only=True)
class ProblemScore:
    """One problem, means over its attempts."""

    family: str
    level: int | None
    accuracy: float
    score: float  #: counts parts of an answer where its kind has parts; unscored attempts are 0


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One problem before and after."""

    before: ProblemScore
    after: ProblemScore


def forgetting(inquiry: Inquiry) -> Finding:
    """A row a subject, evaluation set and group: all problems, those of a family, those of a level."""
    against = inquiry.against
    assert against is not None, "the registry says that a comparison is needed"
    before = {name: problem_scores(read_samples(folder)) for name, folder in against.responses.items()}
    rows: list[dict[str, Cell]] = []
    verdicts: list[Verdict] = []
    for subject in inquiry.subjects:
        trained = trained_families(subject)
        pairs = {name: each for name, each in compared(subject, before).items() if each}
        for name, each in pairs.items():
            rows += [_row(subject, name, label, group, trained, inquiry.seed) for label, group in groups(each)]
        verdict = _verdict(subject, untrained(pairs, trained), inquiry.seed)
        verdicts += [] if verdict is None else [verdict]
    return Finding(
        kind="finding",
        diagnostic="forgetting",
        about=tuple(subject.name for subject in inquiry.subjects),
        against=against.name,
        method=(
            "The same problems before and after: accuracy, and the score that counts parts of an answer (cells of a "
            "caption, places of a permutation). Intervals: 95 %, paired bootstrap over problems. The verdict is on "
            f"problems of families that are in none of the model's training data; a loss below {100 * MARGIN:g} points "
            "is called kept."
        ),
        settings={"margin": MARGIN, "seed": inquiry.seed},
        verdicts=tuple(verdicts),
        columns=(
            FindingColumn(name="subject", title="model"),
            FindingColumn(name="set", title="problems of"),
            FindingColumn(name="group", title="which"),
            FindingColumn(name="trained", title="trained on"),
            FindingColumn(name="num_problems", title="how many", unit="problems"),
            FindingColumn(name="before", title="accuracy before", unit="%"),
            FindingColumn(name="after", title="after", unit="%"),
            FindingColumn(name="change", title="change", unit="points", low="low", high="high"),
            FindingColumn(
                name="score_change", title="change of score", unit="points", low="score_low", high="score_high"
            ),
        ),
        rows=tuple(rows),
        curves=(FindingCurve(x="family", y="change"), FindingCurve(x="level", y="change", by="line")),
    )


def problem_scores(samples: Iterable[Sample]) -> dict[str, ProblemScore]:
    """By problem; a level is that of the file."""
    found: dict[str, list[Sample]] = {}
    for sample in samples:
        found.setdefault(sample.problem_id, []).append(sample)
    return {
        problem_id: ProblemScore(
            family=attempts[0].family,
            level=attempts[0].level,
            accuracy=float(np.mean([attempt.correct for attempt in attempts])),
            score=float(np.mean([attempt.score or 0.0 for attempt in attempts])),
        )
        for problem_id, attempts in found.items()
    }


def compared(subject: Subject, before: Mapping[str, Mapping[str, ProblemScore]]) -> dict[str, list[Compared]]:
    """By evaluation set, the problems that both answered."""
    found: dict[str, list[Compared]] = {}
    for name, folder in subject.responses.items():
        if name in before:
            after = problem_scores(read_samples(folder))
            shared = [problem_id for problem_id in before[name] if problem_id in after]
            found[name] = [Compared(before=before[name][each], after=after[each]) for each in shared]
    return found


def untrained(pairs: Mapping[str, Sequence[Compared]], trained: frozenset[str] | None) -> list[Compared]:
    """Problems of families that nothing was trained on; none where that is not known."""
    if trained is None:
        return []
    return [each for of_set in pairs.values() for each in of_set if each.before.family not in trained]


def change(pairs: Sequence[Compared], seed: int, *, score: bool = False) -> BootstrapDifference:
    """After less before, with its bootstrap over problems."""
    values = [
        (each.after.score, each.before.score) if score else (each.after.accuracy, each.before.accuracy)
        for each in pairs
    ]
    after, before = np.array(values).T
    return paired_difference(after[None], before[None], seed=seed)


def groups(pairs: Sequence[Compared]) -> list[tuple[tuple[str, Cell], list[Compared]]]:
    """(kind, value) and members: all, each family in the order of the problems, each level rising."""
    found: list[tuple[tuple[str, Cell], list[Compared]]] = [(("all", None), list(pairs))]
    families = list(dict.fromkeys(each.before.family for each in pairs))
    found += [(("family", name), [each for each in pairs if each.before.family == name]) for name in families]
    levels = sorted({each.before.level for each in pairs if each.before.level is not None})
    found += [(("level", level), [each for each in pairs if each.before.level == level]) for level in levels]
    return found


def _row(
    subject: Subject,
    name: str,
    label: tuple[str, Cell],
    pairs: Sequence[Compared],
    trained: frozenset[str] | None,
    seed: int,
) -> dict[str, Cell]:
    kind, value = label
    accuracy, score = change(pairs, seed), change(pairs, seed, score=True)
    row: dict[str, Cell] = {
        "subject": subject.name,
        "line": f"{subject.name}, {name}",
        "set": name,
        "group": kind if value is None else f"{kind} {value}",
        "num_problems": len(pairs),
        "before": float(np.mean([each.before.accuracy for each in pairs])),
        "after": float(np.mean([each.after.accuracy for each in pairs])),
        "change": accuracy.estimate,
        "low": accuracy.bound(0.025),
        "high": accuracy.bound(0.975),
        "score_change": score.estimate,
        "score_low": score.bound(0.025),
        "score_high": score.bound(0.975),
    }
    if kind == "family" and trained is not None:
        row["trained"] = "yes" if value in trained else "no"
    return row if value is None else row | {kind: value}


def _verdict(subject: Subject, pairs: Sequence[Compared], seed: int) -> Verdict | None:
    if not pairs:
        return None
    found = change(pairs, seed)
    low, high = found.bound(0.025), found.bound(0.975)
    if high < 0:
        name = "forgot"
    elif low > 0:
        name = "gained"
    else:
        name = "kept" if low > -MARGIN else "unclear"
    because = (
        f"On {len(pairs)} problems of families that it was not trained on accuracy changed by "
        f"{100 * found.estimate:+.1f} points ({100 * low:+.1f} … {100 * high:+.1f})."
    )
    return Verdict(subject=subject.name, name=name, because=because)
