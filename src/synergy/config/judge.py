"""A language model that is asked whether an answer is right, where rules leave it open."""

from typing import Annotated, Literal

from pydantic import Field

from synergy.config.base import Config

Count = Annotated[int, Field(gt=0)]


class JudgeConfig(Config):
    """Which judge and what it is shown. Where it is served is no part of a protocol; temperature is 0 always."""

    model: Annotated[str, Field(min_length=1)]
    """the judge's name; `--judge-model` says what its server calls it, where that differs"""
    asks: Literal["not_correct", "all"] = "not_correct"
    """not_correct: rules first, the judge sees what they do not find right; all: it sees every finished response"""
    max_tokens: Count = 512
    """its reply has at most so many tokens; a judge that thinks first needs more"""
    max_characters: Count = 8000
    """of a longer conclusion it sees the end, so many characters"""
