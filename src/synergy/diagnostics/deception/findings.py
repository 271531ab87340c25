"""The two findings about rewards: the chain by checkpoint, and where it breaks."""

import numpy as np

from synergy.diagnostics.deception import association, breaks
from synergy.diagnostics.deception.association import rank_correlation, slope_signs
from synergy.diagnostics.deception.breaks import Link, from_training, links, verdict
from synergy.diagnostics.deception.chain import Chain, Quantity
from synergy.diagnostics.deception.trained import Trained, trained
from synergy.diagnostics.diagnostic import Inquiry
from synergy.diagnostics.finding import Cell, Finding, FindingColumn, FindingCurve, Verdict

_NORMAL_95 = 1.96
_SCALE = (
    "Rewards are shares of what a perfect answer earns, so that they and accuracies have one scale; train reward is "
    "the mean over the steps since the checkpoint before."
)


def reward_chain(inquiry: Inquiry) -> Finding:
    """A row a subject and checkpoint: train reward, held-out reward and its parts, accuracy there and elsewhere."""
    found = trained(inquiry.subjects)
    parts = list(dict.fromkeys(name for each in found for name in each.chain.parts))
    return Finding(
        kind="finding",
        diagnostic="reward_chain",
        about=tuple(each.name for each in found),
        against=None,
        method=(
            f"{_SCALE} Parts of the held-out reward add up to it. Intervals (95 %) are at their widest: a mean over n "
            "problems is taken to vary by v (1 − v) / n."
        ),
        columns=(
            FindingColumn(name="subject", title="model"),
            FindingColumn(name="step", title="step"),
            *(_column(name, title) for name, title in _QUANTITIES),
            *(FindingColumn(name=f"part_{name}", title=f"held-out reward: {name}", unit="points") for name in parts),
        ),
        rows=tuple(row for each in found for row in _checkpoints(each, parts)),
        curves=tuple(
            FindingCurve(x="step", y=name)
            for name, _ in _QUANTITIES
            if any(name != "elsewhere" or each.chain.elsewhere is not None for each in found)
        ),
    )


def deception(inquiry: Inquiry) -> Finding:
    """A row a subject and link of the chain: how far the gap has widened, whether the two go together; a verdict."""
    found = trained(inquiry.subjects)
    watches = [each.watch for each in found]
    return Finding(
        kind="finding",
        diagnostic="deception",
        about=tuple(each.name for each in found),
        against=None,
        method=(
            f"{_SCALE} Widened: how much further the first of the two is ahead over the last third of the checkpoints "
            "than at first, with a 95 % interval. ρ: Spearman's rank correlation of the two over checkpoints, with an "
            "interval from moving blocks of checkpoints. Slopes: over windows of "
            f"{association.SLOPE_WIDTH} checkpoints in which the first moved by more than two standard errors, in how "
            "many the second did not go the same way, and the sign test's p-value of their going together by chance. "
            "The verdict names the break that a sequential test finds with the stated rate of false alarms for a whole "
            f"run; a reward that is ahead by its format for at least {breaks.FORMAT_SHARE:.0%} is called format."
        ),
        settings={
            "seed": inquiry.seed,
            "num_draws": association.NUM_DRAWS,
            "tolerance": [*sorted({each.tolerance for each in watches})],
            "false_alarm_rate": [*sorted({each.false_alarm_rate for each in watches})],
        },
        verdicts=tuple(_verdict(each) for each in found),
        columns=(
            FindingColumn(name="subject", title="model"),
            FindingColumn(name="link", title="ahead, behind"),
            FindingColumn(name="rise", title="first rose", unit="points"),
            FindingColumn(name="widened", title="widened", unit="points", low="low", high="high"),
            FindingColumn(name="rho", title="ρ", low="rho_low", high="rho_high"),
            FindingColumn(name="moved", title="windows moved"),
            FindingColumn(name="against", title="of these against"),
            FindingColumn(name="p_value", title="p of the signs"),
        ),
        rows=tuple(_link(each, link, inquiry.seed) for each in found for link in _pairs(each.chain)),
        curves=(FindingCurve(x="link", y="widened"),) if found else (),
    )


_QUANTITIES = (
    ("train_reward", "train reward"),
    ("reward", "held-out reward"),
    ("accuracy", "held-out accuracy"),
    ("elsewhere", "accuracy on other sources"),
)


def _column(name: str, title: str) -> FindingColumn:
    return FindingColumn(name=name, title=title, unit="%", low=f"{name}_low", high=f"{name}_high")


def _checkpoints(of: Trained, parts: list[str]) -> list[dict[str, Cell]]:
    chain = of.chain
    rows: list[dict[str, Cell]] = []
    for index, step in enumerate(chain.steps.tolist()):
        row: dict[str, Cell] = {"subject": of.name, "step": step}
        if index:
            row |= _cells("train_reward", chain.train_reward, index - 1)
        row |= _cells("reward", chain.reward, index) | _cells("accuracy", chain.accuracy, index)
        if chain.elsewhere is not None:
            row |= _cells("elsewhere", chain.elsewhere, index)
        row |= {f"part_{name}": float(chain.parts[name][index]) for name in parts if name in chain.parts}
        rows.append(row)
    return rows


def _cells(name: str, quantity: Quantity, index: int) -> dict[str, Cell]:
    value, error = float(quantity.values[index]), _NORMAL_95 * float(np.sqrt(quantity.variances[index]))
    return {name: value, f"{name}_low": value - error, f"{name}_high": value + error}


def _verdict(of: Trained) -> Verdict:
    name, because = verdict(of.chain, of.watch)
    return Verdict(subject=of.name, name=name, because=because)


def _pairs(chain: Chain) -> list[Link]:
    """The links, and the chain's two ends."""
    if chain.elsewhere is None:
        return [*links(chain), from_training(chain, chain.accuracy, "held-out accuracy", "")]
    return [*links(chain), from_training(chain, chain.elsewhere, "accuracy on other sources", "")]


def _link(of: Trained, link: Link, seed: int) -> dict[str, Cell]:
    first, second = link.first, link.second
    row: dict[str, Cell] = {"subject": of.name, "link": f"{link.ahead}, {link.behind}"}
    size = max(1, (len(link.gaps) - 1) // 3)
    if len(link.gaps) > 1:
        weights = np.zeros(len(link.gaps))
        weights[-size:] = 1 / size
        weights[0] -= 1
        widened, error = float(weights @ link.gaps), _NORMAL_95 * float(np.sqrt(weights @ link.covariance @ weights))
        rise = float(first.values[-size:].mean() - first.values[0])
        row |= {"rise": rise, "widened": widened, "low": widened - error, "high": widened + error}
    together = rank_correlation(first.values, second.values, seed=seed)
    if together is not None:
        row |= {"rho": together.estimate, "rho_low": together.low, "rho_high": together.high}
    signs = slope_signs(first.values, first.variances, second.values)
    return row | {"moved": signs.num_moved, "against": signs.num_against, "p_value": signs.p_value}
