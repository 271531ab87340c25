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
        name="cues",
        title="Words of reflection",
        question="Which words of reflection does a model use, how often, and where?",
        source="2504.11468, appendix A.2 (eight keywords, as substrings) and figure 7 (four expressions); whole words "
        "and places are ours",
        target="synergy.diagnostics.paths.cues:cues",
        needs=("responses",),
    ),
    Diagnostic(
        name="reflections",
        title="What reflections change",
        question="Does the answer change after a reflection, from wrong to right, from right to wrong, or not at all?",
        source="2504.11468, section 4.3, speaks of pseudo aha moments without a definition; all of it is ours",
        target="synergy.diagnostics.paths.reflect:reflect",
        needs=("responses",),
    ),
    Diagnostic(
        name="hesitation",
        title="Informative and hesitant steps",
        question="Does each step make the gold answer likelier, were the model made to answer right after it?",
        source="2504.11468 speaks of prolonged, hesitant, less informative steps without a measure; all of it is ours",
        target="synergy.diagnostics.paths.hesitation:hesitation",
        needs=("responses", "model"),
        runs_model=True,
    ),
    Diagnostic(
        name="rigidity",
        title="Rigid reasoning",
        question="Does a model reason alike about unlike problems, in the expert's phrases, saying the same again?",
        source="2504.11468 speaks of imitative, rigid reasoning without a measure; all of it is ours",
        target="synergy.diagnostics.paths.rigidity:rigidity",
        needs=("responses",),
    ),
    Diagnostic(
        name="whose_words",
        title="Whose words they are",
        question="Is a model's response less surprising to the fine-tuned model than to the base model?",
        source="2504.11468 speaks of imitation without a measure; all of it is ours",
        target="synergy.diagnostics.paths.whose_words:whose_words",
        needs=("responses", "model"),
        needs_against=True,
        runs_model=True,
    ),
    Diagnostic(
        name="truth",
        title="True and false steps",
        question="Are the steps that a model states true, and do its right answers rest on them?",
        source="ours; the pocket's statements are executed, of other problems stated arithmetic is checked",
        target="synergy.diagnostics.paths.truth:truth",
        needs=("responses",),
    ),
    Diagnostic(
        name="imitation",
        title="Whose reasoning is imitation",
        question="Does a model have the expert's manner without what the expert's reasoning does?",
        source="2504.11468 shows pseudo reasoning paths by example; the signs and their bounds are ours",
        target="synergy.diagnostics.paths.imitation:imitation",
        needs=("responses",),
        needs_against=True,
    ),
    Diagnostic(
        name="gap",
        title="What goes with the gap in accuracy",
        question="Which measure of its reasoning goes with a model's gap in accuracy?",
        source="ours: what is left of the gap where the measure is held equal",
        target="synergy.diagnostics.paths.gap:gap",
        needs=("responses",),
    ),
    Diagnostic(
        name="matched",
        title="Matched settings",
        question="In which settings do the models' trainings differ, and in which are they equal?",
        source="ours",
        target="synergy.diagnostics.matched:matched",
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
