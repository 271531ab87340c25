"""SFT checkpoints that differ in nothing but how long SFT went on: one course of training, seen at several points.

Each is a training of its own from the same start, with its own course of the learning rate; so it is a point of a
study's making, not a checkpoint that one long run left behind.
"""

from collections import defaultdict
from collections.abc import Sequence

from synergy.config.resolve import canonical_json, resolved
from synergy.diagnostics.descents import Descent


def longest_trajectory(found: Sequence[Descent]) -> list[Descent]:
    """The most checkpoints with equal settings and seeds but `train.num_steps`, and equal RL after them.

    Shortest SFT first; of equally many the first course.
    """
    courses: dict[str, list[Descent]] = defaultdict(list)
    for each in found:
        courses[_settings(each)].append(each)
    longest = max(courses.values(), key=len, default=[])
    return sorted(longest, key=lambda each: each.num_seen)


def _settings(descent: Descent) -> str:
    sft, rl = resolved(descent.sft_config), resolved(descent.rl_config)
    sft["train"] = {**sft["train"], "num_steps": None}
    sft["evaluation"] = None
    rl["model"] = {**rl["model"], "checkpoint": ""}
    return canonical_json([sft, rl])
