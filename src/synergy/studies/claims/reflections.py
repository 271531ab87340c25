"""Whether a count of words in a response goes with its being right: rank correlation over responses, within arms.

Ranks are taken once over an arm's responses with one seed; resampling problems, with all their responses, weighs them.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata

from synergy.statistics.bootstrap import MIN_SEEDS, NUM_DRAWS, BootstrapDifference, bootstrap_means
from synergy.statistics.words import count_reflections
from synergy.studies.claims.claim import LackingError
from synergy.studies.claims.sets import sets_of
from synergy.studies.claims.settings import BOOTSTRAP_SEED
from synergy.studies.results import RunScores, StudyResults


@lru_cache(maxsize=32)
def correlations(results: StudyResults) -> Mapping[str, tuple[BootstrapDifference, int]]:
    """By arm, the correlation as draws, and its number of seeds; arms whose counts are all equal are left out."""
    found: dict[str, tuple[BootstrapDifference, int]] = {}
    runs = _runs(results)
    for arm, of_arm in runs.items():
        moments = [moment for run in of_arm if (moment := _moments(run)) is not None]
        if moments:
            found[arm] = _draws(moments), len(moments)
    if not found:
        raise LackingError("responses of which some have a reflection and some have not")
    return found


def mean_of_arms(found: Mapping[str, tuple[BootstrapDifference, int]]) -> BootstrapDifference:
    """The mean over arms, as if the arms were perfectly dependent, which makes its interval wide, never narrow."""
    draws = np.mean([each.draws for each, _ in found.values()], axis=0)
    return BootstrapDifference(estimate=float(np.mean([each.estimate for each, _ in found.values()])), draws=draws)


def _runs(results: StudyResults) -> dict[str, list[RunScores]]:
    """Runs on the first main set, by arm; in a study with axes those of the first cell."""
    name = sets_of(results, "main")[0]
    cells = [cell for cell in results.cells if name in cell.sets]
    if not cells:
        raise LackingError(f"evaluations on {name}")
    shown = {arm: [run for run in runs if run.run.shown] for arm, runs in cells[0].sets[name].runs.items()}
    return {arm: runs for arm, runs in shown.items() if runs}


def _moments(run: RunScores) -> Float[np.ndarray, "5 num_problems"] | None:
    """Each problem's sums over its responses of x, y, x², y², xy, for ranks x of counts and y of being right."""
    rows = list(run.texts())
    counts = [sum(count_reflections(row["text"] or "").values()) for row in rows]
    right = [row["status"] == "correct" for row in rows]
    if len(set(counts)) < 2 or len(set(right)) < 2:
        return None
    x, y = rankdata(counts) - (len(rows) + 1) / 2, rankdata(right) - (len(rows) + 1) / 2
    _, problem = np.unique([row["problem_id"] for row in rows], return_inverse=True)
    return np.stack([np.bincount(problem, weights=values) for values in (x, y, x * x, y * y, x * y)])


def _draws(moments: Sequence[Float[np.ndarray, "5 num_problems"]]) -> BootstrapDifference:
    num = len(moments)
    means = bootstrap_means(np.concatenate(moments)[:, None, :], seed=BOOTSTRAP_SEED)
    by_seed = np.stack([_correlation(means[:, 5 * i : 5 * i + 5].T) for i in range(num)])
    whole = np.array([_correlation(each.mean(axis=1)) for each in moments])
    estimate, spread = float(whole.mean()), np.zeros(NUM_DRAWS)
    if num >= MIN_SEEDS:
        rng = np.random.default_rng([BOOTSTRAP_SEED, 1])
        spread = whole.std(ddof=1) / np.sqrt(num) * rng.standard_t(num - 1, NUM_DRAWS)
    return BootstrapDifference(estimate=estimate, draws=np.sort(np.clip(by_seed.mean(axis=0) + spread, -1, 1)))


def _correlation(moments: Float[np.ndarray, "5 ..."]) -> Float[np.ndarray, "..."]:
    x, y, xx, yy, xy = moments
    spread = np.sqrt(np.maximum(xx - x * x, 1e-12) * np.maximum(yy - y * y, 1e-12))
    return (xy - x * y) / spread
