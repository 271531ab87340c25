"""Each side's best micro-batch size: every candidate is tried after a warm-up, the fastest is taken.

Large ones are no faster on CPUs: beyond some size each tensor is fresh memory from the system, page by page.
"""

import statistics
from collections.abc import Callable, Sequence

from synergy.training.trainer import Trainer
from versus_trl.pairs import Turns, alternate, seconds_of

_NUM_TRIES = 3  #: of ours, which take a second or two, in which noise is of the order of what is sought
DEFAULT_TOKENS = 16384  #: of our config's `max_tokens_per_micro_batch`
OUR_LIMITS = (DEFAULT_TOKENS, 1024)  #: the second is about one problem of GRPO


def our_fastest(make: Callable[[int], Trainer]) -> tuple[int, dict[int, float]]:
    """The best limit of tokens, and the seconds of each; `make` gives a trainer at its first step."""
    seconds = {}
    for limit in OUR_LIMITS:
        trainer = make(limit)
        trainer.step()
        seconds[limit] = statistics.median(seconds_of(trainer.step) for _ in range(_NUM_TRIES))
    return min(seconds, key=lambda limit: seconds[limit]), seconds


def their_fastest(
    choices: Sequence[int], make: Callable[[int, int], Callable[[Turns], None]]
) -> tuple[int, dict[int, float]]:
    """The best number of rows, and the seconds of each; `make` takes rows and steps."""
    seconds = {}
    for choice in choices:
        pairs = alternate(lambda: None, make(choice, 2), num_pairs=1)
        seconds[choice] = pairs.theirs_seconds[0]
    return min(seconds, key=lambda choice: seconds[choice]), seconds
