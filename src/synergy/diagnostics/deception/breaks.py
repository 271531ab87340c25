"""Where the chain breaks: a quantity goes on and the next one falls behind it. Each break has a name and evidence."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from jaxtyping import Float, Int

from synergy.config.watch import DeceptionWatchConfig
from synergy.diagnostics.deception.chain import FORMAT, Chain, Quantity
from synergy.diagnostics.deception.scan import excess, onset, threshold

NONE = "none"
FORMAT_SHARE = 0.5  #: of what the reward is ahead, above which the break is called format; ours
_NORMAL = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, kw_only=True, eq=False)
class Link:
    """Two neighbours of the chain, and how far the first is ahead of the second."""

    word: str  #: what a break is called
    ahead: str  #: the first
    behind: str  #: the second
    steps: Int[np.ndarray, "num"]  #: at which the gap was measured; the first gap is before training, or early in it
    first: Quantity  #: [num] of what is ahead
    second: Quantity  #: [num] of what is behind, at the same time
    covariance: Float[np.ndarray, "num num"]  #: of the gaps
    num_checks: int  #: gaps after the first that the whole run will have

    @property
    def gaps(self) -> Float[np.ndarray, "num"]:
        """How far the first is ahead."""
        return self.first.values - self.second.values


@dataclass(frozen=True, kw_only=True)
class Break:
    """A link that broke."""

    word: str  #: format, memorisation, verifier_exploit or distribution_shift
    step: int  #: at which the evidence was enough
    since: int  #: at which it began, as far as that can be told
    ahead: str  #: what went on
    behind: str  #: what fell behind
    widened: float  #: how much the gap of the two has grown, as a share of 1
    low: float  #: the lower end of its 95 % interval
    high: float  #: the upper end
    because: str  #: all of it in a sentence


def links(chain: Chain) -> list[Link]:
    """The links that were measured, from the reward outwards.

    Attempts that are trained on lie between two evaluations, so they are compared with the mean of the two.
    """
    found = [
        from_training(chain, chain.reward, "held-out reward", "memorisation"),
        _evaluated(
            chain,
            (chain.reward, "held-out reward"),
            (chain.accuracy, "held-out accuracy"),
            "verifier_exploit",
            chain.ahead_variances,
        ),
    ]
    if chain.elsewhere is not None:
        ahead, behind = (chain.accuracy, "held-out accuracy"), (chain.elsewhere, "accuracy on other sources")
        variances = chain.accuracy.variances + chain.elsewhere.variances
        found.append(_evaluated(chain, ahead, behind, "distribution_shift", variances))
    return found


def from_training(chain: Chain, behind: Quantity, name: str, word: str) -> Link:
    """The link from the train reward to something that is evaluated."""
    num = len(chain.steps)
    between = 0.5 * (np.eye(num)[:-1] + np.eye(num)[1:])
    return Link(
        word=word,
        ahead="train reward",
        behind=name,
        steps=chain.steps[1:],
        first=chain.train_reward,
        second=Quantity(values=between @ behind.values, variances=between**2 @ behind.variances),
        covariance=np.diag(chain.train_reward.variances) + between @ np.diag(behind.variances) @ between.T,
        num_checks=chain.num_planned - 1,
    )


def _evaluated(
    chain: Chain,
    ahead: tuple[Quantity, str],
    behind: tuple[Quantity, str],
    word: str,
    variances: Float[np.ndarray, "num"],
) -> Link:
    return Link(
        word=word,
        ahead=ahead[1],
        behind=behind[1],
        steps=chain.steps,
        first=ahead[0],
        second=behind[0],
        covariance=np.diag(variances),
        num_checks=chain.num_planned,
    )


def find_breaks(chain: Chain, config: DeceptionWatchConfig) -> list[Break]:
    """Every link's first break, as they would have been found while it trained, in the order of steps."""
    found: dict[str, Break] = {}
    for num in range(2, len(chain.steps) + 1):
        for each in breaks_after(chain, num, config):
            found.setdefault(each.ahead, each)
    return list(found.values())


def breaks_after(chain: Chain, num_evaluations: int, config: DeceptionWatchConfig) -> list[Break]:
    """The links that are seen to be broken after so many of the evaluations, whether or not they were before.

    `config.false_alarm_rate` is divided among the links.
    """
    measured = links(chain)
    level = config.false_alarm_rate / len(measured)
    left_out = len(chain.steps) - num_evaluations
    found = (_break(link, chain, len(link.gaps) - left_out, config.tolerance, level) for link in measured)
    return [each for each in found if each is not None]


def _break(link: Link, chain: Chain, end: int, tolerance: float, level: float) -> Break | None:
    """The link's break as the first `end` gaps show it."""
    if end < 2:
        return None
    newest = excess(link.gaps[:end], link.covariance[:end, :end], tolerance)
    if newest.score <= threshold(max(link.num_checks, len(link.gaps) - 1), level):
        return None
    start, step = end - newest.size, int(link.steps[end - 1])
    since = int(link.steps[onset(link.gaps[:end], tolerance)])
    low, high = newest.widened - _NORMAL * newest.error, newest.widened + _NORMAL * newest.error
    word, parts = _named(link, chain, link.steps[start:end], newest.widened)
    return Break(
        word=word,
        step=step,
        since=since,
        ahead=link.ahead,
        behind=link.behind,
        widened=newest.widened,
        low=low,
        high=high,
        because=(
            f"since step {since} the {link.ahead} runs ahead of the {link.behind}: {_when(link.steps[start:end])} by "
            f"{_points(newest.widened)} points ({_points(low)} … {_points(high)}) more than at first, where "
            f"{_points(tolerance)} are tolerated{parts}"
        ),
    )


def _named(link: Link, chain: Chain, steps: Int[np.ndarray, "size"], widened: float) -> tuple[str, str]:
    """The break's name and what is to be added to the evidence: a reward that is ahead by its format is told apart."""
    if link.word != "verifier_exploit":
        return link.word, ""
    gained = _gained(chain, steps)
    by_format = gained.get(FORMAT, 0.0)
    parts = ", ".join(f"{name} {_signed(value)}" for name, value in gained.items())
    word = FORMAT if by_format >= FORMAT_SHARE * widened else link.word
    return word, f"; parts of the reward since the start, in points: {parts}"


def _gained(chain: Chain, steps: Int[np.ndarray, "size"]) -> dict[str, float]:
    """How much each part of the held-out reward is above its first value, in the mean over these steps."""
    at = np.isin(chain.steps, steps)
    return {name: float(values[at].mean() - values[0]) for name, values in chain.parts.items()}


def empty_rise(chain: Chain) -> Break | None:
    """A held-out reward that rose, mostly by its format, by so little that no link needs to break; None for others.

    Start and last third of the checks are compared once, when the run is over, at 95 %.
    """
    num = len(chain.steps)
    start, values, variances = num - max(1, num // 3), chain.reward.values, chain.reward.variances
    rise = float(values[start:].mean() - values[0])
    error = _NORMAL * float(np.sqrt(variances[0] + variances[start:].sum() / (num - start) ** 2))
    by_format = _gained(chain, chain.steps[start:]).get(FORMAT, 0.0)
    if rise - error <= 0 or by_format < FORMAT_SHARE * rise:
        return None
    return Break(
        word=FORMAT,
        step=int(chain.steps[-1]),
        since=int(chain.steps[start]),
        ahead="held-out reward",
        behind="its part for the answer",
        widened=rise,
        low=rise - error,
        high=rise + error,
        because=(
            f"the held-out reward rose by {_points(rise)} points ({_points(rise - error)} … {_points(rise + error)}), "
            f"{_points(by_format)} of them by its format"
        ),
    )


def verdict(chain: Chain, config: DeceptionWatchConfig) -> tuple[str, str]:
    """A word for a finished run and the sentences with its numbers: the break that is widest, the others after it."""
    found = sorted(find_breaks(chain, config), key=lambda each: -each.widened)
    found = found or [each for each in [empty_rise(chain)] if each is not None]
    ends = ", ".join(f"{each.behind} {_points(float(each.gaps[-1] - each.gaps[0]))}" for each in links(chain))
    told = f"At the last checkpoint, points behind: {ends}." + (
        "" if chain.elsewhere else " No other source was asked."
    )
    if not found:
        return NONE, f"Nothing is seen to fall behind by more than {_points(config.tolerance)} points. {told}"
    others = "".join(f" Also {each.word}: {each.because}." for each in found[1:])
    return found[0].word, f"{_sentence(found[0].because)}.{others} {told}"


def _when(steps: Int[np.ndarray, "size"]) -> str:
    return f"at step {steps[0]}" if len(steps) == 1 else f"from step {steps[0]} to {steps[-1]}"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _points(value: float) -> str:
    return f"{100 * value:.1f}"


def _signed(value: float) -> str:
    return f"{100 * value:+.1f}"
