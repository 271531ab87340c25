"""Is forgetting the data's doing or the objective's? The nearest and the farthest training data, and RL, on one scale.

2506.23508 claims the first: SFT on data near to the base, such as the RL model's own right answers, forgets no more
than RL. Judged on problems of families that none of the three was trained on, paired; the rule and its margin are ours.
"""

from collections.abc import Mapping

import numpy as np

from synergy.diagnostics.finding import Verdict
from synergy.diagnostics.forgetting import MARGIN, ProblemScore, problem_scores
from synergy.diagnostics.samples import read_samples
from synergy.diagnostics.subject import Subject
from synergy.diagnostics.trained_on import trained_families
from synergy.statistics.bootstrap import BootstrapDifference, paired_difference

Scores = Mapping[tuple[str, str], ProblemScore]  #: by evaluation set and problem


def whose_doing(near: Subject, far: Subject, rl: Subject, seed: int) -> Verdict | None:
    """The verdict on SFT on the nearest data, SFT on the farthest, and RL; None where they share no such problems."""
    trained = [trained_families(each) for each in (near, far, rl)]
    if any(each is None for each in trained):
        return None
    known = frozenset[str]().union(*(each for each in trained if each is not None))
    scores = [_scores(each) for each in (near, far, rl)]
    shared = [key for key in scores[0] if all(key in each for each in scores) and scores[0][key].family not in known]
    if not shared:
        return None
    values = [np.array([[each[key].accuracy for key in shared]]) for each in scores]
    over_far = paired_difference(values[0], values[1], seed=seed)
    over_rl = paired_difference(values[0], values[2], seed=seed)
    return Verdict(
        subject=f"{near.name}, {far.name} and {rl.name}",
        name=judge(over_far, over_rl),
        because=(
            f"On {len(shared)} problems of families that none of them was trained on {near.name}, SFT on the nearest "
            f"data, exceeds {far.name}, SFT on the farthest, by {_said(over_far)} points, and {rl.name}, which learned "
            f"by RL, by {_said(over_rl)}."
        ),
    )


def judge(over_far: BootstrapDifference, over_rl: BootstrapDifference) -> str:
    """By two differences of accuracy: near data less far data, near data less RL."""
    keeps_more = over_far.bound(0.025) > 0
    loses_to_rl = over_rl.bound(0.975) < 0
    equals_rl = over_rl.bound(0.025) > -MARGIN
    if keeps_more and loses_to_rl:
        return "both"
    if keeps_more and equals_rl:
        return "the data's"
    if loses_to_rl and over_far.bound(0.975) < MARGIN:
        return "the objective's"
    return "unclear"


def _scores(subject: Subject) -> Scores:
    return {
        (name, problem_id): each
        for name, folder in subject.responses.items()
        for problem_id, each in problem_scores(read_samples(folder)).items()
    }


def _said(difference: BootstrapDifference) -> str:
    low, high = difference.bound(0.025), difference.bound(0.975)
    return f"{100 * difference.estimate:+.1f} ({100 * low:+.1f} … {100 * high:+.1f})"
