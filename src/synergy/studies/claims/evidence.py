"""From draws of a difference to evidence: for "above", "below", "at least"; and for all or any of several."""

from collections.abc import Sequence
from dataclasses import replace

from synergy.statistics.bootstrap import BootstrapDifference
from synergy.studies.claims.claim import Detail, Evidence


def above(difference: BootstrapDifference, threshold: float = 0.0) -> Evidence:
    """The claim that it exceeds the threshold."""
    return _evidence(difference, share_below(difference, threshold), share_above(difference, threshold))


def below(difference: BootstrapDifference, threshold: float = 0.0) -> Evidence:
    """The claim that it is less than the threshold."""
    return _evidence(difference, share_above(difference, threshold), share_below(difference, threshold))


def at_least(difference: BootstrapDifference, margin: float) -> Evidence:
    """The claim that it is not below 0: supported if above −margin, refuted if below 0."""
    return _evidence(difference, share_below(difference, -margin), share_above(difference, 0.0))


def all_of(parts: Sequence[Evidence]) -> Evidence:
    """The claim that every part holds; the estimate is that of the part with the least support.

    Supported as strongly as the weakest part, without correction (an intersection-union test); refuted by any part, of
    which there are several chances, so by Bonferroni.
    """
    weakest = max(parts, key=lambda part: (part.p_false, -part.p_true))
    return replace(
        weakest,
        p_false=max(part.p_false for part in parts),
        p_true=min(1.0, len(parts) * min(part.p_true for part in parts)),
    )


def any_of(parts: Sequence[Evidence]) -> Evidence:
    """The claim that some part holds; the estimate is that of the part with the most support. Mirrors `all_of`."""
    strongest = min(parts, key=lambda part: (part.p_false, -part.p_true))
    return replace(
        strongest,
        p_false=min(1.0, len(parts) * min(part.p_false for part in parts)),
        p_true=max(part.p_true for part in parts),
    )


def detail(label: str, difference: BootstrapDifference) -> Detail:
    """A difference with its 95 % interval as a line of details."""
    return label, difference.estimate, difference.bound(0.025), difference.bound(0.975)


def share_below(difference: BootstrapDifference, threshold: float) -> float:
    """The one-sided p-value of "not above the threshold": the share of draws that are not, never 0."""
    return (int((difference.draws <= threshold).sum()) + 1) / (len(difference.draws) + 1)


def share_above(difference: BootstrapDifference, threshold: float) -> float:
    """The one-sided p-value of "not below the threshold"."""
    return (int((difference.draws >= threshold).sum()) + 1) / (len(difference.draws) + 1)


def _evidence(difference: BootstrapDifference, p_false: float, p_true: float) -> Evidence:
    return Evidence(
        estimate=difference.estimate,
        low=difference.bound(0.025),
        high=difference.bound(0.975),
        p_false=p_false,
        p_true=p_true,
    )
