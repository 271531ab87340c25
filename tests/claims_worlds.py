"""Made-up studies in which every claim is true, every claim is false, or nothing can be known."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from claims_folders import Arm, Lines, Made, RateOf, Text, plain, reflecting, reflecting_if_wrong, reflecting_much

COMBINATIONS = ("two_stage", "interleaved", "progressive", "data_mixing", "merging")
NO_KL = {"rl.algorithm.loss.kl.place": "none", "rl.algorithm.loss.kl.coefficient": 0.0}
NO_EASY = {"rl.data.levels": [2, 3, 4, 5]}
RULES = {"rl.reward.open_ended": None}
SETS = ("main", "text", "held_out")
#: arms of two stages by what their SFT is on
TRACES: Mapping[str, Mapping[str, Any]] = {
    "two_stage_unhesitant": {"sft.data.hesitation": "remove"},
    "two_stage_own": {"options.own_traces": "own"},
    "two_stage_short": {"sft.data.trace": "short"},
}
SCALES: Mapping[str, Any] = {
    "model": {"small": {"model": {"checkpoint": "s"}}, "large": {"model": {"checkpoint": "l"}}},
    "problems": {"2K": {"data": {"num_problems": 2000}}, "20K": {"data": {"num_problems": 20000}}},
}


def curve(num: int, agree: float, *, ends_at: float = 0.6, random_seed: int = 0) -> Callable[[int], Lines]:
    """Training reward, and an evaluation after each ten steps whose accuracy follows it as far as `agree` says."""

    def lines(seed: int) -> Lines:
        rng = np.random.default_rng([random_seed, seed])
        rewards = 0.6 + 0.1 * rng.standard_normal(num)
        rewards[num - num // 4 :] += ends_at - 0.6
        found: list[dict[str, Any]] = []
        for step in range(1, num + 1):
            found.append({"step": step, "kind": "train", "reward/mean": float(rewards[step - 1])})
            if step % 10 == 0:
                accuracy = agree * rewards[step - 10 : step].mean() + (1 - agree) * 0.1 * rng.standard_normal()
                found.append({"step": step, "kind": "evaluation", "evaluation/accuracy": float(accuracy)})
        return found

    return lines


def nll(value: float) -> Callable[[int], Lines]:
    return lambda seed: [{"step": step, "kind": "train", "nll/value": value / step} for step in (1, 2)]


def less(rates: Sequence[float], by: float) -> tuple[float, ...]:
    return tuple(rate - by for rate in rates)


def true_world() -> Made:
    rl = (0.95, 0.85, 0.75, 0.55, 0.45)
    still = curve(600, 0.0)
    sft = {"recipe": "sft", "tokens": 500.0, "lines": nll(1.0)}
    arms = {
        "base": Arm(recipe="base", rates=(0.7, 0.6, 0.5, 0.3, 0.2)),
        "sft": Arm(rates=(0.4, 0.5, 0.6, 0.7, 0.7), other_rates={"text": 0.7, "held_out": 0.6}, text=reflecting, **sft),
        "sft_small": Arm(rates=(0.6,) * 5, changes={"sft.data.num_problems": 1000}, **sft),
        "sft_large": Arm(rates=(0.3,) * 5, changes={"sft.data.num_problems": 4000}, **sft),
        "sft_teacher": Arm(
            recipe="sft",
            rates=(0.5,) * 5,
            other_rates={"held_out": 0.3},
            changes={"sft.data.trace_column": "teacher"},
            lines=nll(2.0),
        ),
        "rl": Arm(recipe="rl", rates=rl, other_rates={"text": 0.4}, lines=still),
        "rl_no_kl": Arm(
            recipe="rl", rates=less(rl, 0.2), changes=NO_KL, lines=curve(600, 0.0, ends_at=0.1, random_seed=1)
        ),
        "rl_no_easy": Arm(recipe="rl", rates=less(rl, 0.2), changes=NO_EASY, lines=curve(600, 0.0, random_seed=2)),
        "rl_rules": Arm(recipe="rl", rates=less(rl, 0.2), changes=RULES, lines=curve(600, 0.0, random_seed=3)),
        **{name: Arm(recipe=name, rates=(0.3,) * 5) for name in COMBINATIONS},
        **{
            name: Arm(recipe="two_stage", rates=(0.99, 0.95, 0.85, 0.65, 0.55), changes=changes)
            for name, changes in TRACES.items()
        },
    }
    return Made(arms=arms, sets=SETS, problems_per_level=60)


def false_world() -> Made:
    rl = (0.5, 0.45, 0.4, 0.35, 0.35)
    follows = curve(600, 0.9)
    sft = {"recipe": "sft", "tokens": 20.0, "lines": nll(1.0)}
    arms = {
        "base": Arm(recipe="base", rates=(0.7, 0.6, 0.55, 0.5, 0.5), text=reflecting_much),
        "sft": Arm(
            rates=(0.9, 0.7, 0.5, 0.1, 0.1), other_rates={"text": 0.3, "held_out": 0.3}, text=reflecting_if_wrong, **sft
        ),
        "sft_small": Arm(rates=(0.3,) * 5, changes={"sft.data.num_problems": 1000}, **sft),
        "sft_large": Arm(rates=(0.6,) * 5, changes={"sft.data.num_problems": 4000}, **sft),
        "sft_teacher": Arm(
            recipe="sft",
            rates=(0.5,) * 5,
            other_rates={"held_out": 0.6},
            changes={"sft.data.trace_column": "teacher"},
            lines=nll(2.0),
        ),
        "rl": Arm(recipe="rl", rates=rl, tokens=150.0, other_rates={"text": 0.6}, lines=follows),
        "rl_no_kl": Arm(recipe="rl", rates=less(rl, -0.2), changes=NO_KL, lines=curve(600, 0.9, random_seed=1)),
        "rl_no_easy": Arm(recipe="rl", rates=less(rl, -0.2), changes=NO_EASY, lines=curve(600, 0.9, random_seed=2)),
        "rl_rules": Arm(recipe="rl", rates=less(rl, -0.2), changes=RULES, lines=curve(600, 0.9, random_seed=3)),
        **{name: Arm(recipe=name, rates=(0.95,) * 5) for name in COMBINATIONS},
        **{name: Arm(recipe="two_stage", rates=(0.2,) * 5, changes=changes) for name, changes in TRACES.items()},
    }
    return Made(arms=arms, sets=SETS, problems_per_level=60)


def dim_world(
    *, seeds: Sequence[int] = (0, 1, 2), random_seed: int = 0, seed_spread: float = 0.0, rl_tokens: float = 75.0
) -> Made:
    """All arms are equally good; RL's responses are just as long as the bound of "short" allows."""
    rates = (0.8, 0.6, 0.5, 0.4, 0.3)

    def arm(recipe: str, number: int, *, tokens: float = 50.0, text: Text = plain, **more: Any) -> Arm:
        lines = curve(60, 0.0, random_seed=10 * random_seed + number) if recipe == "rl" else nll(1.0 + 0.1 * number)
        return Arm(recipe=recipe, rates=rates, tokens=tokens, lines=lines, text=text, changes=more)

    arms = {
        "base": arm("base", 0, text=reflecting),
        "sft": arm("sft", 1, text=reflecting),
        "sft_small": arm("sft", 2, **{"sft.data.num_problems": 1000}),
        "sft_large": arm("sft", 3, **{"sft.data.num_problems": 4000}),
        "sft_teacher": arm("sft", 4, **{"sft.data.trace_column": "teacher"}),
        "rl": arm("rl", 5, tokens=rl_tokens),
        "rl_no_kl": arm("rl", 6, **NO_KL),
        "rl_no_easy": arm("rl", 7, **NO_EASY),
        "rl_rules": arm("rl", 8, **RULES),
        **{name: arm(name, 9) for name in COMBINATIONS},
        **{name: arm("two_stage", 9, **changes) for name, changes in TRACES.items()},
    }
    return Made(
        arms=arms,
        sets=SETS,
        seeds=seeds,
        problems_per_level=20,
        num_samples=2,
        random_seed=random_seed,
        seed_spread=seed_spread,
    )


def scale_world(*, sft: RateOf, rl: RateOf, problems_per_level: int = 60) -> Made:
    """A study of two models and two numbers of problems."""

    def base(axes: Mapping[str, str]) -> tuple[float, ...]:
        return (0.2,) * 5 if axes["model"] == "small" else (0.5,) * 5

    arms = {
        "base": Arm(recipe="base", rates=base),
        "sft": Arm(recipe="sft", rates=sft),
        "rl": Arm(recipe="rl", rates=rl),
    }
    return Made(arms=arms, axes=SCALES, problems_per_level=problems_per_level)
