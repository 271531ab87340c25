"""To how many pixels an image processor brings an image, where the config says so."""

from typing import Any, cast

from transformers import ProcessorMixin

from synergy.config.model import RenderingConfig
from synergy.errors import InputError

#: what limits by area are called in processors of Qwen's kind, in the order smallest, largest
_AREA = ("shortest_edge", "longest_edge")


def limit_pixels(processor: ProcessorMixin, config: RenderingConfig, checkpoint: str) -> ProcessorMixin:
    """The processor with the config's limits in place of its own; the same one where the config has none.

    Raises InputError where the processor knows no such limits: others resize to a side's length or to tiles, and a
    number of pixels would be taken for a length.
    """
    wanted = {"min_pixels": config.min_pixels, "max_pixels": config.max_pixels}
    given = {name: value for name, value in wanted.items() if value is not None}
    if not given:
        return processor
    images = cast(Any, processor).image_processor
    size = images.size
    keywords = getattr(getattr(images, "valid_kwargs", None), "__annotations__", {})
    if not all(name in keywords for name in wanted) or any(size.get(name) is None for name in _AREA):
        raise InputError(
            f"{' and '.join(given)} with checkpoint '{checkpoint}': its {type(images).__name__} has no limits by "
            "pixels; expected a processor of Qwen's kind: give null"
        )
    low, high = (value if value is not None else size[name] for value, name in zip(wanted.values(), _AREA, strict=True))
    if low > high:
        raise InputError(
            f"checkpoint '{checkpoint}': min_pixels {low} is above max_pixels {high}, one of them the processor's own; "
            "expected at most that: give both"
        )
    images.size = type(size)(**dict(zip(_AREA, (low, high), strict=True)))
    return processor
