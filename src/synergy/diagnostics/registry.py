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
        name="token_shift",
        title="Where training changed the next token",
        question="At which tokens does the model now say what its base would not, and how sure is each?",
        source="2507.07562, figure 7 and its classes of words; directions, texts, positions and verdicts are ours",
        target="synergy.diagnostics.tokens.shift:token_shift",
        needs=("responses", "model"),
        needs_against=True,
        runs_model=True,
    ),
    Diagnostic(
        name="sharpness",
        title="Entropy by temperature",
        question="How much is left to explore when the model is sampled at a temperature?",
        source="2506.13284, its temperature rule; over its own answers, by halving, is ours",
        target="synergy.diagnostics.tokens.sharpness:sharpness",
        needs=("responses", "model"),
        runs_model=True,
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
        source="2510.04454 (SFT is kept from parameters that RL needs); index, shares and cosine are ours",
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
    Diagnostic(
        name="restoration",
        title="What came back with singular vectors",
        question="Was what training lost still there, turned away from?",
        source="2509.12235; the share of the loss and its interval are ours",
        target="synergy.diagnostics.restoration:restoration",
        needs=("responses",),
        needs_against=True,
    ),
    Diagnostic(
        name="forgetting",
        title="What was forgotten",
        question="How did accuracy change on each family and level, those that nothing was trained on among them?",
        source="2506.23508 (change against the base on other tasks); groups and the verdict's margin are ours",
        target="synergy.diagnostics.forgetting:forgetting",
        needs=("responses",),
        needs_against=True,
    ),
    Diagnostic(
        name="data_surprise",
        title="How surprising the training data was",
        question="Did the model forget more where the base would not have written what it was trained on?",
        source="2506.23508, perplexity of each training set under the base",
        target="synergy.diagnostics.surprise:data_surprise",
        needs=("runs",),
        needs_against=True,
        against_needs=("model",),
        runs_model=True,
    ),
)
DIAGNOSTICS: Mapping[str, Diagnostic] = {each.name: each for each in _ALL}
