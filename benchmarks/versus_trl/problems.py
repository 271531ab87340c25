"""Made-up problems and responses whose sizes are what matters: pictures of so many tokens, responses of so many."""

from collections.abc import Sequence
from math import isqrt

import numpy as np
from PIL import Image

from synergy.models.rendering import Renderer
from synergy.pocket.scenes import CELL_PIXELS
from synergy.records import AnswerKind, Problem, Rollout, RolloutGroup, StopReason
from versus_trl.setting import Setting

_WORDS = ("what", "is", "the", "sum", "of", "all", "numbers", "in", "first", "row", "picture", "shown", "below")


def make_problems(setting: Setting, num: int | None = None) -> list[Problem]:
    """So many problems, by default those of one step; each has a picture of its own."""
    random = np.random.default_rng(setting.seed)
    return [_problem(setting, number, random) for number in range(setting.num_problems if num is None else num)]


def _problem(setting: Setting, number: int, random: np.random.Generator) -> Problem:
    side = isqrt(setting.image_tokens)
    assert side * side == setting.image_tokens, "pictures are squares"
    colours = random.integers(0, 256, (side, side, 3), dtype=np.uint8)
    picture = Image.fromarray(colours).resize((side * CELL_PIXELS, side * CELL_PIXELS))
    question = " ".join(random.choice(_WORDS) for _ in range(setting.num_words))
    return Problem(
        id=f"made-up {number}", question=question, answer="7", answer_kind=AnswerKind.NUMBER, images=(picture,)
    )


def make_groups(setting: Setting, problems: Sequence[Problem], renderer: Renderer) -> list[RolloutGroup]:
    """Rewarded responses of random tokens, lengths spread evenly; all but the silent groups teach something."""
    random = np.random.default_rng(setting.seed + 1)
    ordinary = _ordinary_ids(renderer)
    lengths = np.linspace(setting.min_response_tokens, setting.max_response_tokens, setting.group_size).round()
    groups = []
    for number, problem in enumerate(problems):
        is_silent = number < setting.num_silent_problems
        rollouts = [
            Rollout(
                problem_id=problem.id,
                sample_index=index,
                token_ids=np.append(random.choice(ordinary, int(length) - 1), renderer.end_token_id),
                text="",
                stop_reason=StopReason.STOP,
                reward=0.0 if is_silent else float(index % 2 == 0),
            )
            for index, length in enumerate(lengths)
        ]
        groups.append(RolloutGroup(problem=problem, rollouts=tuple(rollouts)))
    return groups


def _ordinary_ids(renderer: Renderer) -> np.ndarray:
    special = set(renderer.tokenizer.all_special_ids) | renderer.visual_tokens.banned
    return np.array([index for index in range(len(renderer.tokenizer)) if index not in special])
