"""Pictures made useless: what a model still gets right then, or still learns from then, it does without seeing.

Three ways, all ours in detail: *blank* is grey of the same size, so that the prompt stays as long; *swapped* is another
problem's picture, which looks right and misleads; *noise* leaves some of the picture to be seen. What a problem gets
depends on the problem and the data set alone. Removing or corrupting the decisive modality in training and in tests is
2604.03179's control. Questions, answers and ids stay, so that responses pair with those to the pictures themselves.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from synergy.config.data import ImagesAs
from synergy.data.examples import Example, Examples
from synergy.errors import InputError
from synergy.records import Problem

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

GREY = 128  #: of blank pictures, in all channels; ours
NOISE_DEVIATION = 128.0  #: of the normal noise that is added to each channel of 0 … 255; ours
NUM_LOOKED_AT = 64  #: problems that are looked at for a picture to swap with; ours


class Corruption:
    """What one data set's pictures are turned into; a problem without pictures stays as it is."""

    def __init__(self, how: ImagesAs, num_problems: int, problem_at: Callable[[int], Problem]) -> None:
        """`problem_at` gives the problem at an index from 0, with its pictures."""
        self._how = how
        self._problem_at = problem_at
        ring = np.random.default_rng(num_problems).permutation(num_problems)
        self._ring: Sequence[int] = ring.tolist()
        self._place: Sequence[int] = np.argsort(ring).tolist()

    def of(self, index: int, problem: Problem) -> Problem:
        """The problem at `index` with other pictures; raises InputError where none can be swapped with its own."""
        if not problem.images:
            return problem
        match self._how:
            case "shown":
                return problem
            case "blank":
                return replace(problem, images=tuple(map(blank, problem.images)))
            case "noise":
                images = (noisy(each, f"{problem.id}/{number}") for number, each in enumerate(problem.images))
                return replace(problem, images=tuple(images))
            case "swapped":
                donor = self._donor(index, problem)
                images = (donor.images[number % len(donor.images)] for number in range(len(problem.images)))
                return replace(problem, images=tuple(images))

    def _donor(self, index: int, problem: Problem) -> Problem:
        """The next problem on a random ring with another picture, one of the same family if there is one nearby."""
        found: Problem | None = None
        for other in self._following(index):
            if _differs(other, problem):
                if other.family == problem.family:
                    return other
                found = found or other
        if found is None:
            raise InputError(
                f"problem '{problem.id}': images swapped, but no other problem looked at has another picture; expected "
                "a data set of several pictures: take more problems, or images: blank"
            )
        return found

    def _following(self, index: int) -> Iterator[Problem]:
        start, num = self._place[index], len(self._ring)
        for step in range(1, min(num, NUM_LOOKED_AT + 1)):
            yield self._problem_at(self._ring[(start + step) % num])


class CorruptedExamples:
    """Examples whose pictures are turned into something else; demonstrations stay."""

    def __init__(self, examples: Examples, how: ImagesAs) -> None:
        self._examples = examples
        self._corruption = Corruption(how, len(examples), lambda index: examples[index].problem)
        self.ids = examples.ids
        self.has_demonstrations = examples.has_demonstrations

    def __len__(self) -> int:
        """How many examples."""
        return len(self._examples)

    def __getitem__(self, index: int) -> Example:
        """The example at an index from 0."""
        example = self._examples[index]
        return replace(example, problem=self._corruption.of(index, example.problem))


def blank(image: "Picture") -> "Picture":
    """Grey of the same size."""
    return Image.new("RGB", image.size, (GREY, GREY, GREY))


def noisy(image: "Picture", key: str) -> "Picture":
    """With normal noise on each channel, cut off at black and white; the same noise for the same key."""
    pixels = np.asarray(image.convert("RGB"), dtype=np.float64)
    seed = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big")
    added = pixels + np.random.default_rng(seed).normal(0, NOISE_DEVIATION, pixels.shape)
    return Image.fromarray(np.clip(np.rint(added), 0, 255).astype(np.uint8))


def _differs(other: Problem, problem: Problem) -> bool:
    """Whether the other has a picture, and another one."""
    if not other.images:
        return False
    one, two = other.images[0], problem.images[0]
    return one.size != two.size or one.mode != two.mode or one.tobytes() != two.tobytes()
