"""`levels.json`: how difficult problems are for a reference model, and how that was measured."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from synergy.config.base import Config
from synergy.config.load import load
from synergy.config.protocol import AskingConfig, ImageConfig, ResponseConfig
from synergy.config.resolve import config_hash
from synergy.errors import InputError
from synergy.evaluation.breakdown_part import LevelsPart, Number
from synergy.evaluation.score_file import ModelPart
from synergy.evaluation.shards import write_whole
from synergy.records import Problem

Thresholds = tuple[Annotated[int, Field(ge=0, le=16)], ...]
_SHOWN_CHARACTERS = 16


class TagSampling(Config):
    """How the tagging responses came about."""

    purpose: Literal["tag"] = "tag"
    """whose random numbers they were drawn by: no evaluation shares them"""
    seed: Number
    num_samples: Annotated[int, Field(gt=0)]
    """responses to each problem"""
    asking: AskingConfig
    asked_as: Literal["tuned", "base"] | None
    response: ResponseConfig
    images: ImageConfig
    extraction: str
    """any, or the preset whose form alone counted as an answer"""
    truncated_is_wrong: bool


class ProblemLevel(Config):
    """One problem."""

    num_correct: Number
    """by the strict rule"""
    num_samples: Number
    """responses that there were: what a back-end failed to answer is left out"""
    level: Annotated[int, Field(ge=1)] | None
    """1 (easiest) …; null without any response"""
    content: str | None = None
    """digest of question and answer, so that another problem of the same id is found out; null where not known"""


class LevelsFile(Config):
    """The levels of some problems."""

    kind: Literal["levels"]
    """the kind of document"""
    model: ModelPart
    """the reference model"""
    sampling: TagSampling
    """how it was asked"""
    thresholds: Thresholds
    """of 16 samples the fewest correct ones for level 1, 2, …; other numbers of samples by the same shares"""
    data: str
    """where the problems are from"""
    problems: dict[str, ProblemLevel]
    """by id"""

    def part(self) -> LevelsPart:
        """What a score file says of levels measured so."""
        return LevelsPart(
            model=self.model.name,
            num_samples=self.sampling.num_samples,
            seed=self.sampling.seed,
            thresholds=self.thresholds,
            sha256=config_hash(self),
        )

    def applied(self, problems: Sequence[Problem]) -> list[Problem]:
        """The problems with these levels in place of their own.

        Raises InputError where one of them is not in the file, or is another problem there.
        """
        missing = [problem.id for problem in problems if problem.id not in self.problems]
        if missing:
            raise InputError(
                f"levels of {self.data} lack {len(missing)} of {len(problems)} problems, the first is '{missing[0]}'; "
                "expected all of them: tag the same problems, with synergy data tag"
            )
        for problem in problems:
            stored = self.problems[problem.id].content
            if stored is not None and stored != content_digest(problem):
                raise InputError(
                    f"levels of {self.data}: problem '{problem.id}' is another one there; expected the same question "
                    "and answer: tag these problems, with synergy data tag"
                )
        return [replace(problem, level=self.problems[problem.id].level) for problem in problems]


def content_digest(problem: Problem) -> str:
    """A digest of what is asked and what is right, levels and images apart."""
    fields = [problem.question, problem.answer, problem.answer_kind, problem.choices]
    return hashlib.sha256(json.dumps(fields).encode()).hexdigest()[:_SHOWN_CHARACTERS]


def read_levels(path: Path) -> LevelsFile:
    """The levels in a file; raises FileError where it cannot be read, InputError where it holds none."""
    return load(path, LevelsFile)


def write_levels(levels: LevelsFile, path: Path) -> None:
    """Write it whole or not at all; raises FileError."""
    write_whole(path, [json.dumps(levels.model_dump(mode="json"), indent=1), "\n"])
