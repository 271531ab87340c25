"""Cosine length reward (2502.03373, section 4): short is better among right answers, long among wrong ones."""

import math

from synergy.config.reward_shaping import CosineConfig


def cosine_reward(num_tokens: int, config: CosineConfig, *, correct: bool, truncated: bool) -> float:
    """From the value of no length, half a cosine wave down or up to that of max_tokens; `exceeded` beyond that.

    As in the paper a response that just reaches the limit has exceeded it where it was cut off there.
    """
    if num_tokens > config.max_tokens or (truncated and num_tokens == config.max_tokens):
        return config.exceeded
    if correct:
        start, end = config.max_correct, config.min_correct
    else:
        start, end = config.min_wrong, config.max_wrong
    return end + 0.5 * (start - end) * (1.0 + math.cos(math.pi * num_tokens / config.max_tokens))
