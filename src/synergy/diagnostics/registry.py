"""All diagnostics by name, in the order in which reports show them."""

from collections.abc import Mapping

from synergy.diagnostics.diagnostic import Diagnostic

_ALL = (
    Diagnostic(
        name="checkpoints",
        title="What an SFT checkpoint promises",
        question="What does each SFT checkpoint show before RL goes on from it, and what came of it?",
        source=(
            "2510.01624 (held-out loss, pass@64), 2606.18487 (entropy, group variance); numbers of problems, traces "
            "and attempts are ours"
        ),
        target="synergy.diagnostics.foresight.checkpoints:checkpoints",
        needs=("responses", "runs", "model"),
        runs_model=True,
    ),
    Diagnostic(
        name="predictors",
        title="What foretells RL",
        question="Which measure of an SFT checkpoint foretells the model after RL, and does SFT's order turn over?",
        source="2510.01624, 2606.18487; the interval and the verdict are ours",
        target="synergy.diagnostics.foresight.predictors:predictors",
        needs=("responses", "runs", "model"),
        runs_model=True,
    ),
    Diagnostic(
        name="healing",
        title="Held-out tasks lost in SFT, restored by RL",
        question="Does accuracy on held-out tasks peak early in SFT and fall then, and what does RL restore?",
        source="2509.12235 (the claim); the tests are ours",
        target="synergy.diagnostics.healing:healing",
        needs=("responses", "runs"),
    ),
    Diagnostic(
        name="modalities",
        title="From pictures to words and back",
        question="How much of what is learned on pictures serves in words, and the reverse?",
        source="2512.12690 (train on pictures, test on text); the reverse and the share carried over are ours",
        target="synergy.diagnostics.modalities:modalities",
        needs=("responses",),  # the compared model has no runs
        needs_against=True,
    ),
    Diagnostic(
        name="seeing",
        title="Does it see",
        question="How much of a model's accuracy needs the picture?",
        source="2604.03179 (removing or corrupting the decisive modality); shares and the verdict are ours",
        target="synergy.diagnostics.seeing:seeing",
        needs=("responses", "model"),
        runs_model=True,
    ),
    Diagnostic(
        name="lengths",
        title="Right and wrong answers by length",
        question="Are a model's longer answers to the same problem the better ones?",
        source="2507.07562, figure 3 draws gain against length over benchmarks; within problems is ours",
        target="synergy.diagnostics.lengths:lengths",
        needs=("responses",),
    ),
    Diagnostic(
        name="budgets",
        title="Thinking cut short and made longer",
        question="What does accuracy do when thinking is cut off, or made to go on?",
        source="2501.19393 (budget forcing); budgets and the verdict are ours",
        target="synergy.diagnostics.budgets.budgets:budgets",
        needs=("responses", "model"),
        runs_model=True,
    ),
)
DIAGNOSTICS: Mapping[str, Diagnostic] = {each.name: each for each in _ALL}
