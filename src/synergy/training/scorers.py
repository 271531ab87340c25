"""Opening the scorer that a config names; what needs a model is imported only where it is asked for."""

from typing import assert_never

from synergy.config.scorer import (
    ExactScorerConfig,
    HttpScorerConfig,
    HuggingFaceScorerConfig,
    InternLmXComposerScorerConfig,
    ScorerConfig,
)
from synergy.grading.scorer import Scorer
from synergy.grading.scorers_exact import ExactScorer
from synergy.grading.scorers_http import HttpScorer


def open_scorer(config: ScorerConfig, device: str | None = None) -> Scorer:
    """The scorer; `device` is the process's own, for configs that say auto.

    Raises FileError or InputError where its model cannot be loaded.
    """
    match config:
        case ExactScorerConfig():
            return ExactScorer(config.scale)
        case HttpScorerConfig():
            return HttpScorer(config)
        case HuggingFaceScorerConfig():
            from synergy.models.scorers import HuggingFaceScorer

            return HuggingFaceScorer.load(config, device)
        case InternLmXComposerScorerConfig():
            from synergy.models.scorer_internlm import InternLmXComposerScorer

            return InternLmXComposerScorer.load(config, device)
    assert_never(config)
