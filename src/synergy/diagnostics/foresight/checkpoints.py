"""A table of SFT checkpoints: what each shows before RL, and its accuracy before and after."""

from synergy.diagnostics.diagnostic import Inquiry
from synergy.diagnostics.finding import Cell, Finding, FindingColumn, FindingCurve
from synergy.diagnostics.foresight.promises import (
    NUM_PROBLEMS,
    NUM_SAMPLES,
    NUM_TRACES,
    SHOWN_KS,
    Promise,
    promises,
    shared_sets,
)


def checkpoints(inquiry: Inquiry) -> Finding:
    """A row a checkpoint; raises LackingError where RL went on from none."""
    found = promises(inquiry)
    sets = shared_sets(found)
    columns = [
        FindingColumn(name="subject", title="model after SFT"),
        FindingColumn(name="rl", title="model after RL"),
        FindingColumn(name="num_seen", title="demonstrations seen"),
        FindingColumn(name="trace_loss", title="held-out trace loss", unit="nats"),
        FindingColumn(name="entropy", title="entropy a token", unit="nats"),
        *(FindingColumn(name=f"pass_{k}", title=f"pass@{k}", unit="%") for k in SHOWN_KS),
        FindingColumn(name="group_variance", title="expected variance of a group's rewards"),
    ]
    for name in sets:
        columns.append(FindingColumn(name=f"sft_{name}", title=f"{name} after SFT", unit="%"))
        columns.append(FindingColumn(name=f"rl_{name}", title=f"{name} after RL", unit="%"))
    return Finding(
        kind="finding",
        diagnostic="checkpoints",
        about=tuple(each.descent.sft.name for each in found),
        against=None,
        method=(
            f"On held-out problems of RL's own kind: loss of {NUM_TRACES} demonstrations (mean of their means over "
            f"tokens); of {NUM_SAMPLES} attempts at each of {NUM_PROBLEMS} problems, sampled as RL samples, pass@k "
            "without bias, mean −log p of sampled tokens, and p(1 − p)(G − 1)/G averaged over problems."
        ),
        settings={
            "num_traces": NUM_TRACES,
            "num_problems": NUM_PROBLEMS,
            "num_samples": NUM_SAMPLES,
            "seed": inquiry.seed,
        },
        columns=tuple(columns),
        rows=tuple(_row(each, sets) for each in found),
        curves=tuple(FindingCurve(x=f"sft_{name}", y=f"rl_{name}") for name in sets),
    )


def _row(found: Promise, sets: list[str]) -> dict[str, Cell]:
    row: dict[str, Cell] = {
        "subject": found.descent.sft.name,
        "rl": found.descent.rl.name,
        "num_seen": found.descent.num_seen,
        "trace_loss": found.trace_loss,
        "entropy": found.entropy,
        "group_variance": found.group_variance,
    }
    row |= {f"pass_{k}": value for k, value in found.pass_at.items()}
    for name in sets:
        row |= {f"sft_{name}": found.after_sft[name], f"rl_{name}": found.after_rl[name]}
    return row
