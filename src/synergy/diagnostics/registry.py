"""All diagnostics by name, in the order in which reports show them."""

from collections.abc import Mapping

from synergy.diagnostics.diagnostic import Diagnostic

_ALL = (
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
