"""All diagnostics by name, in the order in which reports show them."""

from collections.abc import Mapping

from synergy.diagnostics.diagnostic import Diagnostic

_ALL = (
    Diagnostic(
        name="deception",
        title="Deceptive rewards",
        question="Does a rising reward make a better model, and where does the chain from one to the other break?",
        source="2512.12690 names deceptive rewards and gives no measure: all of these are ours",
        target="synergy.diagnostics.deception.findings:deception",
        needs=("runs",),
    ),
    Diagnostic(
        name="reward_chain",
        title="From reward to accuracy by checkpoint",
        question="How did train reward, held-out reward, accuracy and accuracy on other sources go?",
        source="after 2512.12690's curves of reward and accuracy; scale, parts and intervals are ours",
        target="synergy.diagnostics.deception.findings:reward_chain",
        needs=("runs",),
    ),
    Diagnostic(
        name="lengths",
        title="Right and wrong answers by length",
        question="Are a model's longer answers to the same problem the better ones?",
        source="2507.07562, figure 3 draws gain against length over benchmarks; within problems is ours",
        target="synergy.diagnostics.lengths:lengths",
        needs=("responses",),
    ),
)
DIAGNOSTICS: Mapping[str, Diagnostic] = {each.name: each for each in _ALL}
