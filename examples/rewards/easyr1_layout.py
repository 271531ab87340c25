"""A reward function as EasyR1's reward managers call it, for all attempts at once."""

import re

REWARD_NAME = "layout"
REWARD_TYPE = "batch"


def compute_score(reward_inputs, format_weight=0.5):
    """For each response a mapping with `overall`, which EasyR1 takes as the reward."""
    scores = []
    for item in reward_inputs:
        format_score = 1.0 if re.match(r"<think>.*</think>", item["response"], re.DOTALL) else 0.0
        scores.append({"overall": format_weight * format_score, "format": format_score})
    return scores
