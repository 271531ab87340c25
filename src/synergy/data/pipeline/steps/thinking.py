"""A trace between its tags and the words after it."""

from synergy.prompts import THINK_CLOSE, THINK_OPEN


def split_thinking(text: str) -> tuple[str, str] | None:
    """Reasoning and conclusion of `<think>…</think>…`, outer white space apart; None for any other form.

    The opening tag may be missing, as chat templates write it before the reply begins.
    """
    opened = text.strip().removeprefix(THINK_OPEN)
    reasoning, closed, conclusion = opened.partition(THINK_CLOSE)
    reasoning, conclusion = reasoning.strip(), conclusion.strip()
    if not closed or not reasoning or not conclusion or THINK_OPEN in opened or THINK_CLOSE in conclusion:
        return None
    return reasoning, conclusion


def thinking_text(reasoning: str, conclusion: str) -> str:
    """As the rewriting template shows the two."""
    return f"{THINK_OPEN}{reasoning}{THINK_CLOSE}{conclusion}"
