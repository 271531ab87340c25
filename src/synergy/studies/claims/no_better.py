"""The claim that a combination of SFT and RL is no better than the better of both alone.

With synergy = min(combination − SFT, combination − RL): refuted where it is above 0, that is where both differences are
(an intersection-union test); supported where it is below `settings.MARGIN`, that is where either difference is (two
chances, so by Bonferroni). "No significant synergy" alone supports nothing: it may come of too few problems.
"""

from synergy.statistics.synergy import SynergyEstimate
from synergy.studies.claims.claim import Evidence
from synergy.studies.claims.evidence import share_above, share_below
from synergy.studies.claims.settings import MARGIN


def no_better(found: SynergyEstimate) -> Evidence:
    """The claim as above; low and high are the bounds of `SynergyEstimate`."""
    differences = (found.over_sft, found.over_rl)
    return Evidence(
        estimate=found.estimate,
        low=found.low,
        high=found.high,
        p_false=min(1.0, 2 * min(share_above(difference, MARGIN) for difference in differences)),
        p_true=max(share_below(difference, 0.0) for difference in differences),
        num_seeds=found.num_seeds,
        note=f"supported only if below {100 * MARGIN:g} point, a margin of ours",
    )
