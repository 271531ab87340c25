"""The order in which a run visits problems: a fresh seeded permutation each epoch, and a cursor into it.

The cursor is one number, so that a resumed run goes on with the very problem it would have drawn.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Visit:
    """One turn of one problem."""

    index: int  #: in the data set
    visit: int  #: how often the problem was drawn before: the epoch


class ProblemOrder:
    """Visits without end; every problem once an epoch."""

    def __init__(self, num_problems: int, seed: int, *, position: int = 0) -> None:
        self.num_problems = num_problems
        self.seed = seed
        self.position = position  #: visits drawn so far: all there is to checkpoint
        self._epoch = -1
        self._permutation = np.zeros(0, dtype=np.int64)

    def take(self, num: int) -> list[Visit]:
        """The next `num` visits."""
        found = []
        for position in range(self.position, self.position + num):
            epoch, place = divmod(position, self.num_problems)
            if epoch != self._epoch:
                self._permutation = np.random.default_rng([self.seed, epoch]).permutation(self.num_problems)
                self._epoch = epoch
            found.append(Visit(int(self._permutation[place]), epoch))
        self.position += num
        return found
