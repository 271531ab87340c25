"""How often a response reflects says nothing of its being right."""

from dataclasses import replace

from synergy.studies.claims.claim import SECOND, Claim, Evidence
from synergy.studies.claims.evidence import above, below, detail, share_above, share_below
from synergy.studies.claims.reflections import correlations, mean_of_arms
from synergy.studies.claims.settings import NO_CORRELATION
from synergy.studies.results import StudyResults


def _judge(results: StudyResults) -> Evidence:
    by_arm = correlations(results)
    found = mean_of_arms({arm: each for arm, each in by_arm.items()})
    inside = max(share_above(found, NO_CORRELATION), share_below(found, -NO_CORRELATION))
    outside = min(share_below(found, NO_CORRELATION), share_above(found, -NO_CORRELATION))
    return replace(
        above(found) if found.estimate > 0 else below(found),
        p_false=inside,
        p_true=min(1.0, 2 * outside),
        unit="rank correlation",
        num_seeds=min(num for _, num in by_arm.values()),
        details=tuple(detail(arm, each) for arm, (each, _) in by_arm.items()),
        note=f"supported between −{NO_CORRELATION:g} and {NO_CORRELATION:g}, refuted outside; the bound is ours",
    )


CLAIM = Claim(
    name="reflections_do_not_predict",
    source=f"{SECOND}, §4.3, figure 7",
    statement="Within an arm the number of reflective expressions in a response does not go with its being right.",
    needs=("responses with reflective expressions",),
    judge=_judge,
)
