"""TRL's GRPO trainer, with only its source of responses exchanged where those are to be given."""

from collections.abc import Callable, Sequence
from typing import Any

from trl import GRPOConfig, GRPOTrainer

from synergy.algorithms.groups import overlong_penalty
from synergy.config.algorithm_sections import OverlongConfig
from synergy.grading import Attempt, grade_many
from synergy.prompts import BOXED
from synergy.records import Problem, RolloutGroup
from versus_trl import trl_common
from versus_trl.checkpoints import make_processor
from versus_trl.setting import Setting
from versus_trl.trl_common import Row

Reward = Callable[..., list[float | None]]


class GivenRollouts(GRPOTrainer):
    """Learns from responses that are given: padded and processed once, so that a step is the update alone."""

    given: Sequence[RolloutGroup] = ()
    _prepared: dict[str, Any] | None = None

    def _generate_single_turn(self, prompt_ids: Any, images: Any, *_: Any, **__: Any) -> tuple[list[list[int]], None]:
        return [rollout.token_ids.tolist() for group in self.given for rollout in group.rollouts], None

    def _generate_and_score_completions(self, inputs: Any) -> dict[str, Any]:
        if self._prepared is None:
            self._prepared = super()._generate_and_score_completions(inputs)
        return dict(self._prepared)


def grpo_options(setting: Setting, *, rows_per_forward: int, num_steps: int) -> dict[str, Any]:
    """One generation for each optimiser step, which makes a pass for old log-probs unnecessary."""
    common = trl_common.common_options(
        setting.machine, rows_per_step=setting.num_responses, rows_per_forward=rows_per_forward, num_steps=num_steps
    )
    return {
        **common,
        "steps_per_generation": common["gradient_accumulation_steps"],
        "num_generations": setting.group_size,
        "max_completion_length": setting.max_response_tokens,
        "temperature": 1.0,
        "top_p": 1.0,
        "top_k": 0,
        "shuffle_dataset": False,
    }


def problem_rows(problems: Sequence[Problem]) -> list[Row]:
    """Problems as TRL reads them."""
    return [
        {
            "prompt": [{"role": "user", "content": BOXED.user_text(problem.question)}],
            "images": list(problem.images),
            "problem": problem,
        }
        for problem in problems
    ]


def update_trainer(
    setting: Setting,
    groups: Sequence[RolloutGroup],
    *,
    rows_per_forward: int,
    num_steps: int,
    max_grad_norm: float = 1.0,
) -> GRPOTrainer:
    """A trainer whose steps are updates on given responses and nothing else."""
    options = grpo_options(setting, rows_per_forward=rows_per_forward, num_steps=num_steps)
    rewards = [rollout.reward for group in groups for rollout in group.rollouts]
    # as many rows as all steps would draw; the first ones are all that is looked at
    rows = problem_rows([group.problem for group in groups]) * num_steps

    def given_reward(**_: Any) -> list[float | None]:
        return rewards

    trainer = GivenRollouts(
        model=trl_common.load(setting.model, setting.machine, is_tower_frozen=setting.is_tower_frozen),
        reward_funcs=given_reward,
        args=GRPOConfig(**options, max_grad_norm=max_grad_norm),
        train_dataset=trl_common.in_memory(rows),
        processing_class=make_processor(setting.model),
    )
    trainer.given = groups
    return trainer


def sampling_trainer(
    setting: Setting,
    problems: Sequence[Problem],
    overlong: OverlongConfig,
    *,
    rows_per_forward: int,
    num_steps: int,
) -> GRPOTrainer:
    """A trainer as it is, for problems in the order of their steps; attempts are graded as ours are."""
    options = grpo_options(setting, rows_per_forward=rows_per_forward, num_steps=num_steps)
    return GRPOTrainer(
        model=trl_common.load(setting.model, setting.machine, is_tower_frozen=setting.is_tower_frozen),
        reward_funcs=graded_reward(overlong),
        args=GRPOConfig(**options),
        train_dataset=trl_common.in_memory(problem_rows(problems)),
        processing_class=make_processor(setting.model),
    )


def graded_reward(overlong: OverlongConfig) -> Reward:
    """The score of the answer, less the penalty for long responses."""

    def reward(
        completions: list[list[dict[str, str]]], completion_ids: list[list[int]], problem: list[Problem], **_: Any
    ) -> list[float | None]:
        attempts = [
            Attempt(problem=each, response=messages[0]["content"])
            for each, messages in zip(problem, completions, strict=True)
        ]
        verdicts = grade_many(attempts, preset=BOXED)
        return [
            (verdict.score or 0.0) + overlong_penalty(len(ids), overlong)
            for verdict, ids in zip(verdicts, completion_ids, strict=True)
        ]

    return reward
