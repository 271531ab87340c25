"""SFT on expert traces brings empty reflections."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from synergy.diagnostics.paths.reflecting import reflections
from synergy.statistics.bootstrap import paired_difference
from synergy.studies.claims.arms import main_arms
from synergy.studies.claims.claim import SECOND, Claim, Evidence, LackingError
from synergy.studies.claims.evidence import above
from synergy.studies.claims.sets import sets_of
from synergy.studies.claims.settings import BOOTSTRAP_SEED
from synergy.studies.results import ProblemRow, RunScores, SetResults, StudyResults


def judge_hesitation(results: StudyResults) -> Evidence:
    """Empty reflections a response: SFT − base model, on the first main set of the first cell; raises LackingError."""
    sft, base = main_arms(results, "sft", "base")
    name = sets_of(results, "main")[0]
    found = next((cell.sets[name] for cell in results.cells if name in cell.sets), None)
    if found is None or not {sft, base} <= found.runs.keys():
        raise LackingError(f"evaluations of arms {sft} and {base} on {name}")
    ours, theirs = (_by_seed(found, arm) for arm in (sft, base))
    num_seeds = min(len(ours), len(theirs))
    difference = paired_difference(ours[:num_seeds], theirs[:num_seeds], seed=BOOTSTRAP_SEED)
    details = tuple((arm, float(each.mean()), None, None) for arm, each in ((sft, ours), (base, theirs)))
    return replace(above(difference), unit="empty reflections a response", num_seeds=num_seeds, details=details)


def _by_seed(found: SetResults, arm: str) -> Float[np.ndarray, "num_seeds num_problems"]:
    return np.stack([_of_run(run, found.problems) for run in found.runs[arm] if run.run.shown])


def _of_run(run: RunScores, problems: Sequence[ProblemRow]) -> Float[np.ndarray, "num_problems"]:
    place = {problem.id: index for index, problem in enumerate(problems)}
    empty, num = np.zeros(len(problems)), np.zeros(len(problems))
    for row in run.texts():
        at = place[row["problem_id"]]
        made = reflections(row["text"] or "", problems[at].gold, problems[at].answer_kind)
        empty[at] += sum(each.effect == "same" for each in made)
        num[at] += 1
    return empty / np.maximum(num, 1)


CLAIM = Claim(
    name="hesitation_follows_sft",
    source=f"{SECOND}, §4.2",
    statement="After SFT on the expert's traces responses have more empty reflections than the base model's.",
    needs=("sft", "base", "their responses"),
    judge=judge_hesitation,
)
