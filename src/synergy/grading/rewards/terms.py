"""The terms of one attempt's reward that need nothing but the attempt, each with its weight."""

from synergy.config.reward import RewardConfig
from synergy.grading.rewards.cosine import cosine_reward
from synergy.grading.rewards.overlong import overlong_punishment
from synergy.grading.rewards.repetition import repeated_fraction
from synergy.records import Rollout, StopReason, Verdict


def answer_term(verdict: Verdict, value: float, config: RewardConfig, *, open_ended: bool) -> dict[str, float]:
    """What the answer is worth: `accuracy`, or `open_ended` in its place; `exact`; `format`; none of weight 0."""
    terms: dict[str, float] = {}
    if config.accuracy:
        terms["open_ended" if open_ended else "accuracy"] = config.accuracy * value
    if config.exact:
        terms["exact"] = config.exact * float(verdict.correct)
    if config.format:
        terms["format"] = config.format * verdict.parts.get("format", 0.0)
    return terms


def shaping_terms(rollout: Rollout, verdict: Verdict, config: RewardConfig, *, open_ended: bool) -> dict[str, float]:
    """What length and repetition add or take off; lengths are of the whole response, given prefix included."""
    terms: dict[str, float] = {}
    num_tokens = len(rollout.token_ids)
    if config.overlong:
        limits = {"max_tokens": config.overlong.max_tokens, "buffer_tokens": config.overlong.buffer_tokens}
        terms["overlong"] = config.overlong.weight * overlong_punishment(num_tokens, **limits)
    if config.cosine and not open_ended:
        truncated = rollout.stop_reason is StopReason.LENGTH
        terms["cosine"] = cosine_reward(num_tokens, config.cosine, correct=verdict.correct, truncated=truncated)
    if config.repetition:
        fraction = repeated_fraction(rollout.token_ids.tolist(), config.repetition.n)
        terms["repetition"] = -config.repetition.max_penalty * fraction
    return terms
