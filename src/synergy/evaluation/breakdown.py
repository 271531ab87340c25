"""Scores by level, family, answer kind and response length."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import groupby

import numpy as np

from synergy.evaluation.breakdown_part import BreakdownPart, Estimate, GroupScore
from synergy.evaluation.intervals import ratio_intervals
from synergy.evaluation.verdicts import GradedResponse
from synergy.evaluation.voting import Elected, elect
from synergy.records import VerdictStatus
from synergy.statistics.length_buckets import bucket_name, length_bucket
from synergy.statistics.rates import pass_at_k

PASS_AT = (1, 2, 4, 8, 16)  #: ks of pass@k that stand in every score, those beyond the number of runs as null
Attempts = Sequence[GradedResponse]


def breakdown(
    graded: Attempts, rule: str, *, seed: int, generating: Mapping[str, int | None] | None = None
) -> BreakdownPart:
    """The section of a score file from responses by problem and run.

    `generating` are the levels that problems came with, where others were put in their place.
    """
    problems = [list(attempts) for _, attempts in groupby(graded, key=lambda each: each.problem.id)]
    elected = {attempts[0].problem.id: elect(attempts, rule) for attempts in problems}

    def score(group: Sequence[Attempts]) -> GroupScore:
        return _group_score(group, rule, elected, seed=seed)

    def by(key: Callable[[GradedResponse], Hashable | None]) -> dict[str, GroupScore]:
        return {name: score(group) for name, group in _grouped(problems, key).items()}

    known = generating or {}
    return BreakdownPart(
        rule=rule,
        num_runs=max((len(attempts) for attempts in problems), default=0),
        overall=score(problems),
        level=by(lambda each: each.problem.level),
        generating_level=by(lambda each: known.get(each.problem.id)),
        family=by(lambda each: each.problem.family or None),
        kind=by(lambda each: each.problem.answer_kind.value),
        length={name: _group_score(group, rule, None, seed=seed) for name, group in _by_length(problems).items()},
    )


def _grouped(
    problems: Iterable[Attempts], key: Callable[[GradedResponse], Hashable | None]
) -> dict[str, list[Attempts]]:
    """Problems by the key of their first response, keys in order; those whose key is None are in none."""
    found: dict[str, list[Attempts]] = {}
    for attempts in problems:
        name = key(attempts[0])
        if name is not None:
            found.setdefault(str(name), []).append(attempts)
    return dict(sorted(found.items()))


def _by_length(problems: Iterable[Attempts]) -> dict[str, list[Attempts]]:
    """Each problem's responses by bucket, the shortest first; responses of unknown length are in none."""
    found: dict[int, list[Attempts]] = {}
    for attempts in problems:
        buckets: dict[int, list[GradedResponse]] = {}
        for each in attempts:
            if each.response.num_tokens is not None and not each.response.failed:
                buckets.setdefault(length_bucket(each.response.num_tokens), []).append(each)
        for bucket, members in buckets.items():
            found.setdefault(bucket, []).append(members)
    return {bucket_name(bucket): found[bucket] for bucket in sorted(found)}


def _group_score(
    group: Sequence[Attempts], rule: str, elected: Mapping[str, Elected] | None, *, seed: int
) -> GroupScore:
    """`elected` is None for a group of responses, of which pass@k and maj@k are not defined."""
    flat = [each for attempts in group for each in attempts]
    num = np.array([len(attempts) for attempts in group], float)
    correct = np.array([sum(each.verdicts[rule].correct for each in attempts) for attempts in group], float)
    votes = [elected[attempts[0].problem.id] for attempts in group] if elected is not None else None
    ones = np.ones(len(group))
    means: dict[str, tuple[np.ndarray, np.ndarray]] = {"accuracy": (correct, num)}
    if votes is not None and group:
        for k in PASS_AT:
            if k <= num.min():
                means[str(k)] = (pass_at_k(correct, num, k), ones)
        means["majority"] = (np.array([each.is_correct for each in votes], float), ones)
    found = _estimates(means, seed=seed)
    tokens = [each.response.num_tokens for each in flat if each.response.num_tokens is not None]
    return GroupScore(
        num_problems=len(group),
        num_responses=len(flat),
        accuracy=found["accuracy"],
        pass_at={str(k): found.get(str(k)) for k in PASS_AT},
        majority=found.get("majority"),
        num_tied=None if votes is None else sum(each.vote.is_tied for each in votes),
        num_without_votes=None if votes is None else sum(each.vote.winner is None for each in votes),
        truncated_fraction=_share(each.response.truncated for each in flat),
        extraction_failure_fraction=_share(_is_unread(each, rule) for each in flat),
        unscored_fraction=_share(each.verdicts[rule].status is VerdictStatus.UNSCORED for each in flat),
        mean_tokens=float(np.mean(tokens)) if tokens else None,
    )


def _estimates(means: Mapping[str, tuple[np.ndarray, np.ndarray]], *, seed: int) -> dict[str, Estimate]:
    """Sums over sums, by name, with their intervals; all from the same draws of problems."""
    sums, nums = (np.stack(each) for each in zip(*means.values(), strict=True))
    intervals = ratio_intervals(sums, nums, seed=seed) if sums.shape[1] > 1 else [None] * len(means)
    values = np.clip(sums.sum(axis=1) / np.maximum(nums.sum(axis=1), 1), 0, 1)
    return {
        name: Estimate(value=float(value), interval=interval)
        for name, value, interval in zip(means, values, intervals, strict=True)
    }


def _is_unread(each: GradedResponse, rule: str) -> bool:
    finished = not each.response.truncated and not each.response.failed
    return finished and each.verdicts[rule].extracted is None


def _share(flags: Iterable[bool]) -> float:
    found = list(flags)
    return sum(found) / max(1, len(found))
