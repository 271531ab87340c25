"""Problems that have pictures, shown without them: what a model still solves needs no seeing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from synergy.data.corruption import blank
from synergy.data.examples import Example, Examples


class Blinded:
    """The examples whose problems have a picture, without it or with an even grey one of its size."""

    has_demonstrations = False

    def __init__(self, examples: Examples, picture: Literal["left_out", "blank"]) -> None:
        """Goes through all examples once, as only they know which have pictures."""
        self._examples, self._picture = examples, picture
        self._places = [place for place in range(len(examples)) if examples[place].problem.images]
        self.ids: Sequence[str] = [examples.ids[place] for place in self._places]

    def __len__(self) -> int:
        """How many have a picture."""
        return len(self._places)

    def __getitem__(self, index: int) -> Example:
        """The problem as it is shown, without demonstrations."""
        problem = self._examples[self._places[index]].problem
        shown = () if self._picture == "left_out" else tuple(map(blank, problem.images))
        return Example(problem=replace(problem, images=shown))
