"""The verdict of an official rule: right or wrong by a named rule; what a judge would decide upstream is left out."""

from synergy.records import Verdict, VerdictStatus


def official_verdict(rule: str, *, correct: bool, extracted: str | None, extractor: str = "") -> Verdict:
    """Right or wrong by the rule "official/`rule`"; `extracted` is what the rule read from the response."""
    return Verdict(
        status=VerdictStatus.CORRECT if correct else VerdictStatus.WRONG,
        score=float(correct),
        extracted=extracted,
        rule=f"official/{rule}",
        extractor=extractor,
    )
