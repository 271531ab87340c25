"""Reading a rewritten trace: the study drops those whose length changes by more than 15 words."""

from synergy.config.pipeline_steps import RewriteConfig
from synergy.data.pipeline.sample import Outcome, Sample
from synergy.data.pipeline.steps.thinking import split_thinking, thinking_text
from synergy.prompts import THINK_OPEN


def read_rewrite(config: RewriteConfig, sample: Sample, text: str) -> Outcome:
    """The fields reasoning and conclusion anew; lengths are words of both together, as white space divides them."""
    # a rewriter that thinks first has a block of its own before the text
    found = split_thinking(text[max(0, text.rfind(THINK_OPEN)) :])
    if found is None:
        return Outcome(drop="malformed", is_unusable=True)
    before = _words(sample.fields["reasoning"], sample.fields["conclusion"])
    details = {"word_change": _words(*found) - before}
    if abs(details["word_change"]) > config.max_word_change:
        return Outcome(drop="length_changed", details=details)
    lowered = thinking_text(*found).lower()
    if any(phrase.lower() in lowered for phrase in config.left_over):
        return Outcome(drop="left_over", details=details)
    return Outcome(changed={"reasoning": found[0], "conclusion": found[1]}, details=details)


def _words(reasoning: str, conclusion: str) -> int:
    return len(reasoning.split()) + len(conclusion.split())
