"""Reading a reasoner's trace and answer."""

from synergy.data.pipeline.sample import Outcome, Sample
from synergy.data.pipeline.steps.thinking import split_thinking


def read_trace(sample: Sample, text: str) -> Outcome:
    """The fields reasoning and conclusion; malformed where one of them is missing."""
    found = split_thinking(text)
    if found is None:
        return Outcome(drop="malformed", is_unusable=True)
    reasoning, conclusion = found
    changed = {"reasoning": reasoning, "conclusion": conclusion}
    return Outcome(changed=changed, details={"num_words": len(reasoning.split())})
