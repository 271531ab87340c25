"""Pictures that cannot be decoded, and those that no model can learn from."""

import numpy as np
from PIL.Image import Image

from synergy.config.filters import ImagesFilter
from synergy.data.filters.row_filter import Candidate, Reason, RowFilter


def images(config: ImagesFilter) -> RowFilter:
    """Drops a row for the first of its pictures that is missing, broken, too small, too large, too long or blank."""

    def check(candidate: Candidate) -> Reason | None:
        if config.required and not candidate.pictures:
            return Reason("no_picture")
        for picture in candidate.pictures:
            why = "cannot_be_decoded" if picture is None else _fault(picture, config)
            if why is not None:
                return Reason(why)
        return None

    return RowFilter(check=check)


def _fault(picture: Image, config: ImagesFilter) -> str | None:
    short, long = sorted(picture.size)
    if short < config.min_side_pixels:
        return "too_small"
    if config.max_side_pixels is not None and long > config.max_side_pixels:
        return "too_large"
    if long > config.max_aspect * short:
        return "too_long"
    return "blank" if float(np.asarray(picture.convert("L")).std()) < config.min_spread else None
