"""All filters of rows by the name that a config gives them."""

from collections.abc import Iterable, Mapping

from synergy.config.filters import (
    ContaminationFilter,
    CuesFilter,
    ExactDuplicatesFilter,
    ImagesFilter,
    LanguageFilter,
    LengthFilter,
    NearDuplicatesFilter,
    PassRateFilter,
    RepetitionFilter,
    RowFilterConfig,
)
from synergy.data.filters.contamination import contamination
from synergy.data.filters.cues import cues
from synergy.data.filters.exact_duplicates import exact_duplicates
from synergy.data.filters.images import images
from synergy.data.filters.language import language
from synergy.data.filters.length import length
from synergy.data.filters.near_duplicates import near_duplicates
from synergy.data.filters.pass_rate import pass_rate
from synergy.data.filters.repetition import repetition
from synergy.data.filters.row_filter import RowFilter
from synergy.records import Problem


def open_filter(config: RowFilterConfig, evaluation_sets: Mapping[str, Iterable[Problem]]) -> RowFilter:
    """The filter, fresh; `evaluation_sets` are those that a contamination filter names. Raises as the filters do."""
    match config:
        case LengthFilter():
            return length(config)
        case LanguageFilter():
            return language(config)
        case RepetitionFilter():
            return repetition(config)
        case ExactDuplicatesFilter():
            return exact_duplicates(config)
        case NearDuplicatesFilter():
            return near_duplicates(config)
        case ContaminationFilter():
            return contamination(config, evaluation_sets)
        case ImagesFilter():
            return images(config)
        case CuesFilter():
            return cues(config)
        case PassRateFilter():
            return pass_rate(config)
