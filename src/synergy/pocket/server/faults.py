"""Planting faults: which reply gets one is a function of seed and request, so that asking again changes nothing."""

from random import Random

from synergy.config.pipeline import FaultsConfig

SENTENCE = "The caption shows this."
REFUSAL = "I'm sorry, but I can't help with that."
PADDING = " ".join(["This was checked with care and nothing else was found in it."] * 2)


class Faults:
    """Dice for one request."""

    def __init__(self, config: FaultsConfig, model: str, asked: str) -> None:
        self._config = config
        self._random = Random(f"{config.seed}/{model}/{asked}")

    def happens(self, name: str) -> bool:
        """Whether this request gets the fault of that field of `FaultsConfig`; ask once for each."""
        return self._random.random() < getattr(self._config, name)

    def one_of(self, values: list[str]) -> str:
        """Any of them."""
        return self._random.choice(values)
