"""The sections of a score file on difficulty: accuracy, pass@k and maj@k by group, and whose levels those are."""

from typing import Annotated

from pydantic import Field

from synergy.config.base import Config

Share = Annotated[float, Field(ge=0, le=1)]
Number = Annotated[int, Field(ge=0)]


class Estimate(Config):
    """A mean over a group's problems."""

    value: Share
    interval: tuple[Share, Share] | None
    """95 %, by a bootstrap over problems; null for fewer than two"""


class GroupScore(Config):
    """What one group of problems, or of responses where grouped by length, comes to."""

    num_problems: Number
    """problems with a response in the group"""
    num_responses: Number
    """responses in the group: the denominator of `accuracy` and of the fractions"""
    accuracy: Estimate
    """avg@k, k being the number of runs: correct responses over all of them"""
    pass_at: dict[str, Estimate | None]
    """by k, the chance that k responses hold a correct one (2107.03374, unbiased), over `num_problems`; null where k
    exceeds the number of runs, and in groups of responses"""
    majority: Estimate | None
    """maj@k, k being the number of runs: problems whose most frequent answer is correct; null in groups of responses"""
    num_tied: Number | None
    """problems whose vote was tied; of tied answers the one given first counts"""
    num_without_votes: Number | None
    """problems without any answer to vote for; their majority is not correct"""
    truncated_fraction: Share
    """cut off, or with thinking that never ends"""
    extraction_failure_fraction: Share
    """ended by themselves, but no answer was found in them"""
    unscored_fraction: Share
    """that nothing could decide, or without a response; they count as not correct"""
    mean_tokens: float | None


class BreakdownPart(Config):
    """Accuracy by whatever tells problems apart, under one rule."""

    rule: str
    """whose verdicts these are"""
    num_runs: Number
    """responses to each problem"""
    overall: GroupScore
    """all problems"""
    level: dict[str, GroupScore]
    """by level of difficulty, 1 (easiest) …: the measured ones where `levels` says so; problems without are in none"""
    generating_level: dict[str, GroupScore]
    """by the level that problems came with, where measured ones stand in its place; else empty"""
    family: dict[str, GroupScore]
    """by kind of task"""
    kind: dict[str, GroupScore]
    """by answer kind"""
    length: dict[str, GroupScore]
    """by the response's own length in tokens, such as 33-64; a problem may be in several"""


class LevelsPart(Config):
    """Where levels of difficulty were measured, by what."""

    model: str
    """the reference model's name"""
    num_samples: Annotated[int, Field(gt=0)]
    """its responses to each problem, none of which is in this score"""
    seed: Number
    thresholds: tuple[Number, ...]
    """of 16 samples the fewest correct ones for level 1, 2, …"""
    sha256: str
    """of the levels file's content"""
