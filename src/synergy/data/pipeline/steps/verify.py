"""Reading a verifier's word: Yes or No, and nothing else."""

from synergy.data.pipeline.sample import Outcome, Sample
from synergy.grading.extract import after_thinking

_SAYS = {"yes": True, "no": False}


def read_verdict(sample: Sample, text: str) -> Outcome:
    """Kept for Yes, dropped for No; malformed for anything else behind its thinking."""
    word = (after_thinking(text) or "").strip().strip("*.!\"' ").lower()
    if word not in _SAYS:
        return Outcome(drop="malformed", is_unusable=True)
    return Outcome() if _SAYS[word] else Outcome(drop="wrong_answer")
