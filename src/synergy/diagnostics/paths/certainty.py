"""From an answer's probability at the boundaries of steps to what the steps were good for. Knows no model.

All thresholds are ours: no study measures this.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

CHANGE_BITS = 0.5  #: a step raises or lowers the gold answer by at least so much, else it leaves it
CERTAIN = 0.9  #: an answer is certain from where its probability stays above this to the end
FLOOR_BITS = -20.0  #: what is less likely counts as this: a millionth

Effect = Literal["raises", "leaves", "lowers"]


@dataclass(frozen=True, kw_only=True)
class Path:
    """One response's way to its answer."""

    gold_bits: Sequence[float]  #: log2 of the gold answer's probability before the first step and after each
    own_bits: Sequence[float] | None  #: the same of the answer that the response gives, None where it gives none
    num_tokens: Sequence[int]  #: of each step
    reflects: Sequence[bool]  #: whether a step belongs to a reflection


def gains(path: Path) -> Float[np.ndarray, "num_steps"]:
    """Bits by which each step makes the gold answer likelier."""
    return np.diff(np.maximum(np.asarray(path.gold_bits, float), FLOOR_BITS))


def effect(gain: float) -> Effect:
    """What a step that gains so many bits does."""
    return "raises" if gain >= CHANGE_BITS else "lowers" if gain <= -CHANGE_BITS else "leaves"


def num_tokens_after_certain(path: Path) -> int | None:
    """Tokens of steps behind the boundary from which the response's own answer was certain; None where it never was."""
    if path.own_bits is None:
        return None
    certain = np.exp2(np.asarray(path.own_bits, float)) >= CERTAIN
    if not certain[-1]:
        return None
    uncertain = np.flatnonzero(~certain)
    boundary = int(uncertain[-1]) + 1 if len(uncertain) else 0
    return int(np.sum(path.num_tokens[boundary:]))


def path_features(path: Path) -> dict[str, float]:
    """Of one response: steps by effect, all and those of reflections; bits; tokens, hesitant and wasted ones."""
    each, tokens, reflects = gains(path), np.asarray(path.num_tokens, float), np.asarray(path.reflects, bool)
    effects = [effect(gain) for gain in each]
    wasted = num_tokens_after_certain(path)
    found = {
        "steps": float(len(each)),
        "bits": float(each.sum()),
        "tokens": float(tokens.sum()),
        "hesitant_tokens": float(sum(num for num, name in zip(tokens, effects, strict=True) if name != "raises")),
        "reflecting": float(reflects.sum()),
        "reflecting_bits": float(each[reflects].sum()) if len(each) else 0.0,
        "certain": float(wasted is not None),
        "certain_tokens": float(tokens.sum()) if wasted is not None else 0.0,
        "wasted_tokens": float(wasted or 0),
        "start_prob": float(np.exp2(path.gold_bits[0])),
        "end_prob": float(np.exp2(path.gold_bits[-1])),
    }
    for name in ("raises", "leaves", "lowers"):
        found[name] = float(effects.count(name))
        found[f"reflecting_{name}"] = float(
            sum(own == name and within for own, within in zip(effects, reflects, strict=True))
        )
    return found
