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
    Diagnostic(
        name="weight_change",
        title="How far weights moved",
        question="Where did training change the model, and how much?",
        source="2510.04454 (norm of the change per module); places and the bfloat16 column are ours",
        target="synergy.diagnostics.weights.change:weight_change",
        needs=("model",),
        needs_against=True,
    ),
    Diagnostic(
        name="weight_overlap",
        title="Did SFT and RL move the same weights?",
        question="Do the weights that two trainings moved most coincide more than by chance?",
        source="2510.04454 (parameters important to RL are kept from SFT); the index, its shares and the cosine are ours",
        target="synergy.diagnostics.weights.overlap:weight_overlap",
        needs=("model",),
        needs_against=True,
    ),
    Diagnostic(
        name="weight_rotation",
        title="Stretched or turned",
        question="Did training change the singular values of matrices, or turn their singular vectors?",
        source="2509.12235, code raw_metrics_angle, with angles averaged instead of cosines and a truncated rank",
        target="synergy.diagnostics.weights.rotation:weight_rotation",
        needs=("model",),
        needs_against=True,
    ),
)
DIAGNOSTICS: Mapping[str, Diagnostic] = {each.name: each for each in _ALL}
