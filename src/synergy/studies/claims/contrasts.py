"""One arm against another, paired: overall, and level by level."""

from collections.abc import Callable
from dataclasses import replace

from synergy.statistics.bootstrap import BootstrapDifference
from synergy.studies.claims.claim import Detail, Evidence
from synergy.studies.claims.evidence import above, detail
from synergy.studies.claims.pool import Pool, needs_levels, pool
from synergy.studies.claims.sets import Role
from synergy.studies.results import StudyResults

Question = Callable[[BootstrapDifference], Evidence]  #: such as `above`


def overall(results: StudyResults, arm: str, other: str, question: Question = above, role: Role = "main") -> Evidence:
    """What `question` says of arm − other, with the difference at each level as details."""
    found = pool(results, [arm, other], role=role)
    weighted = found.overall
    return replace(
        question(weighted.over(arm, other)),
        num_seeds=weighted.num_seeds,
        details=(*means(found, arm, other), *level_details(found, arm, other)),
    )


def by_level(results: StudyResults, arm: str, other: str, question: Question = above) -> dict[int, Evidence]:
    """The same at each level; raises LackingError where the study has no two levels."""
    found = pool(results, [arm, other])
    details = tuple(level_details(found, arm, other))
    return {
        level: replace(
            question(found.level(level).over(arm, other)), num_seeds=found.overall.num_seeds, details=details
        )
        for level in needs_levels(found)
    }


def means(found: Pool, *arms: str) -> list[Detail]:
    """Each arm's own mean."""
    return [(arm, found.overall.mean(arm), None, None) for arm in arms]


def level_details(found: Pool, arm: str, other: str) -> list[Detail]:
    """arm − other at each level that has enough problems."""
    levels = found.known_levels
    return [detail(f"{arm} − {other}, L{level}", found.level(level).over(arm, other)) for level in levels]
