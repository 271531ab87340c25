"""Pseudo reasoning paths: RL after SFT falls behind RL alone, and it is the hesitant steps of the expert's traces.

The paper shows examples of such paths; what would make them the cause is ours: without the hesitant steps, all else
equal, the gap to RL alone is gone. That it also goes with own or short traces would speak for other causes beside.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from pydantic import JsonValue

from synergy.studies.claims.arms import arms_of, changes, main_arms
from synergy.studies.claims.claim import SECOND, Claim, Evidence, LackingError
from synergy.studies.claims.evidence import all_of, at_least, below, detail
from synergy.studies.claims.pool import pool
from synergy.studies.claims.second.hesitation_follows_sft import judge_hesitation
from synergy.studies.claims.settings import MARGIN
from synergy.studies.results import StudyResults

Changes = Mapping[str, JsonValue]


def _is_unhesitant(changed: Changes) -> bool:
    return changed.get("sft.data.hesitation") == "remove"


def _has_own_traces(changed: Changes) -> bool:
    return bool(changed.get("options.own_traces"))


def _has_short_traces(changed: Changes) -> bool:
    return changed.get("sft.data.trace") == "short"


def _vanishes(is_variant: Callable[[Changes], bool], what: str) -> Callable[[StudyResults], Evidence]:
    """The claim that there is a gap with the expert's traces, and none with the variant's."""

    def judge(results: StudyResults) -> Evidence:
        long, rl, variant = _arms(results, is_variant, what)
        gap, left = (pool(results, [arm, rl]).overall for arm in (long, variant))
        parts = [below(gap.over(long, rl)), at_least(left.over(variant, rl), MARGIN)]
        return replace(
            all_of(parts),
            num_seeds=min(gap.num_seeds, left.num_seeds),
            details=(
                detail(f"{long} − {rl}", gap.over(long, rl)),
                detail(f"{variant} − {rl}", left.over(variant, rl)),
                detail(f"{variant} − {long}", pool(results, [variant, long]).overall.over(variant, long)),
            ),
            note=f"gone: not {100 * MARGIN:g} point below RL alone, a margin of ours",
        )

    return judge


def _judge(results: StudyResults) -> Evidence:
    vanishing = _vanishes(_is_unhesitant, "sft.data.hesitation remove")(results)
    hesitation = judge_hesitation(results)
    both = all_of([vanishing, hesitation])
    # the two have different units; shown is the gap, whichever part decides
    return replace(
        vanishing,
        p_false=both.p_false,
        p_true=both.p_true,
        num_seeds=min(vanishing.num_seeds, hesitation.num_seeds),
        note=f"{vanishing.note}; empty reflections a response, SFT − base: {hesitation.estimate:+.2f} "
        f"({hesitation.low:+.2f} … {hesitation.high:+.2f})",
    )


def _arms(results: StudyResults, is_variant: Callable[[Changes], bool], what: str) -> tuple[str, str, str]:
    long, rl = main_arms(results, "two_stage", "rl")
    variant = next((arm for arm in arms_of(results, "two_stage") if is_variant(changes(results, arm))), None)
    if variant is None or variant == long:
        raise LackingError(f"an arm of recipe two_stage with {what}")
    return long, rl, variant


CLAIMS = (
    Claim(
        name="pseudo_paths",
        source=f"{SECOND}, §4.2 and §4.3",
        statement=(
            "SFT on the expert's long traces before RL costs accuracy, because it teaches hesitation: it brings empty "
            "reflections, RL after it is below RL alone, and without the traces' hesitant steps the gap vanishes."
        ),
        needs=("sft", "base", "two_stage", "rl", "two_stage with sft.data.hesitation remove"),
        judge=_judge,
    ),
    *(
        Claim(
            name=name,
            source=f"{SECOND}, §4.2; asked by its critics",
            statement=f"RL after SFT on the expert's long traces is below RL alone, and {statement}.",
            needs=("two_stage", "rl", f"two_stage with {what}"),
            judge=_vanishes(is_variant, what),
        )
        for name, statement, what, is_variant in (
            (
                "gap_vanishes_without_hesitation",
                "without their hesitant steps it is not",
                "sft.data.hesitation remove",
                _is_unhesitant,
            ),
            (
                "gap_vanishes_with_own_traces",
                "on the model's own right traces it is not",
                "option own_traces",
                _has_own_traces,
            ),
            (
                "gap_vanishes_with_short_traces",
                "on short traces it is not",
                "sft.data.trace short",
                _has_short_traces,
            ),
        )
    ),
)
