"""All claims, and their verdicts in one study, corrected for their number."""

from collections.abc import Mapping, Sequence

from synergy.errors import unknown_name
from synergy.statistics.bootstrap import MIN_SEEDS, holm
from synergy.studies.claims.claim import Claim, ClaimResult, Evidence, LackingError, VerdictName
from synergy.studies.claims.first import (
    combinations,
    easiest_questions_help,
    kl_keeps_rl_from_collapse,
    rl_gains_at_every_level,
    rl_stays_short,
    sft_gain_rises,
    sft_hurts_easiest,
    sft_lengthens_answers,
    sft_wins_at_hard,
)
from synergy.studies.claims.second import (
    hesitation_follows_sft,
    mixed_reward_wins,
    more_sft_data_hurts,
    pseudo_paths,
    reflections_do_not_predict,
    sft_then_rl_below_rl,
)
from synergy.studies.claims.settings import LEVEL
from synergy.studies.claims.third import (
    near_traces_keep_held_out,
    reward_is_not_accuracy,
    sft_transfers_to_text,
    sft_wins_on_weak_models,
    small_sft_equals_rl,
)
from synergy.studies.results import StudyResults

_ALL = (
    sft_lengthens_answers.CLAIM,
    sft_hurts_easiest.CLAIM,
    sft_gain_rises.CLAIM,
    sft_wins_at_hard.CLAIM,
    rl_gains_at_every_level.CLAIM,
    rl_stays_short.CLAIM,
    *combinations.CLAIMS,
    kl_keeps_rl_from_collapse.CLAIM,
    easiest_questions_help.CLAIM,
    sft_then_rl_below_rl.CLAIM,
    more_sft_data_hurts.CLAIM,
    reflections_do_not_predict.CLAIM,
    mixed_reward_wins.CLAIM,
    hesitation_follows_sft.CLAIM,
    *pseudo_paths.CLAIMS,
    sft_wins_on_weak_models.CLAIM,
    small_sft_equals_rl.CLAIM,
    sft_transfers_to_text.CLAIM,
    near_traces_keep_held_out.CLAIM,
    reward_is_not_accuracy.CLAIM,
)

CLAIMS: Mapping[str, Claim] = {claim.name: claim for claim in _ALL}


def judge_all(results: StudyResults, names: Sequence[str] | None = None) -> list[ClaimResult]:
    """The verdicts on these claims, in their order; None for those that the study names, or all.

    Holm's method corrects over all claims of the registry that the study can judge, those not asked for included, so
    that choosing claims afterwards gains nothing. Raises InputError for an unknown name.
    """
    asked = names if names is not None else results.study.claims
    asked = list(CLAIMS) if asked is None else asked
    for name in asked:
        if name not in CLAIMS:
            raise unknown_name("claim", name, CLAIMS)
    found = {name: _evidence(claim, results) for name, claim in CLAIMS.items()}
    judged = {name: each for name, each in found.items() if isinstance(each, Evidence)}
    adjusted = dict(zip(judged, holm([each.p_value for each in judged.values()]).tolist(), strict=True))
    return [_result(CLAIMS[name], found[name], adjusted.get(name)) for name in asked]


def verdict(evidence: Evidence, p_adjusted: float) -> VerdictName:
    """By the adjusted p-value and the side that it is of.

    Where a margin lies between the sides both may be small: then the smaller decides, and a claim whose opposite
    is plain by itself is not supported.
    """
    if p_adjusted > LEVEL:
        return "inconclusive"
    if evidence.p_true <= evidence.p_false:
        return "refuted"
    return "supported" if evidence.p_true > LEVEL else "inconclusive"


def _evidence(claim: Claim, results: StudyResults) -> Evidence | LackingError:
    try:
        return claim.judge(results)
    except LackingError as lacking:
        return lacking


def _result(claim: Claim, found: Evidence | LackingError, p_adjusted: float | None) -> ClaimResult:
    if isinstance(found, LackingError) or p_adjusted is None:
        lacking = found.lacking if isinstance(found, LackingError) else ()
        return ClaimResult(
            name=claim.name,
            source=claim.source,
            statement=claim.statement,
            verdict="cannot judge",
            estimate=None,
            low=None,
            high=None,
            p_value=None,
            p_adjusted=None,
            needs=lacking,
            note=f"this study lacks {', and '.join(lacking)}",
            details=(),
        )
    return ClaimResult(
        name=claim.name,
        source=claim.source,
        statement=claim.statement,
        verdict=verdict(found, p_adjusted),
        estimate=found.estimate,
        low=found.low,
        high=found.high,
        p_value=found.p_value,
        p_adjusted=p_adjusted,
        needs=claim.needs,
        note=_note(found),
        details=found.details,
        unit=found.unit,
    )


def _note(found: Evidence) -> str:
    seeds = f"this run: {found.num_seeds} of at least {MIN_SEEDS} seeds" if found.num_seeds < MIN_SEEDS else ""
    return "; ".join(part for part in (seeds, found.note) if part)
