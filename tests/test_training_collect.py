"""Where a step's groups come from: dynamic sampling with its bound, drops, shares of several processes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synergy.config.algorithm_sections import DynamicSamplingConfig
from synergy.config.data import PocketDataConfig
from synergy.config.model import ModelConfig, RenderingConfig
from synergy.config.reward import RewardConfig
from synergy.data.load import open_data
from synergy.data.order import ProblemOrder
from synergy.errors import InputError
from synergy.models.loading import load_model
from synergy.models.rendering import Renderer
from synergy.prompts import BOXED
from synergy.records import Purpose, Rollout, RolloutGroup, SampleRequest, StopReason
from synergy.training.attempts import Attempts
from synergy.training.collect import DemonstrationSource, RolloutSource
from synergy.training.draw import Drawer
from synergy.training.metrics import summarise
from synergy.training.processes import Processes
from synergy.training.rewards import open_rewards


@pytest.fixture(scope="module")
def renderer(untrained: Path) -> Renderer:
    return load_model(ModelConfig(checkpoint=str(untrained))).renderer


def _drawer(renderer: Renderer, processes: Processes | None = None, num_problems: int = 10) -> Drawer:
    examples = open_data(PocketDataConfig(source="pocket", num_problems=num_problems))
    return Drawer(examples, ProblemOrder(len(examples), 0), renderer, BOXED, processes or Processes())


class ScriptedSampler:
    """Answers right or wrong as told: the shares of right attempts of the coming groups."""

    def __init__(self, shares: Sequence[float]) -> None:
        self.shares = list(shares)
        self.asked: list[tuple[str, int]] = []

    def update_weights(self) -> None:
        pass

    def sample(self, requests: Sequence[SampleRequest], *, purpose: Purpose, **_: Any) -> list[RolloutGroup]:
        assert purpose is Purpose.TRAIN
        return [self._group(request, self.shares.pop(0)) for request in requests]

    def _group(self, request: SampleRequest, share: float) -> RolloutGroup:
        self.asked.append((request.problem.id, request.visit))
        rollouts = []
        for index in range(request.num_samples):
            answer = request.problem.answer if index < share * request.num_samples else "none"
            text = BOXED.response("I think.", answer)
            rollouts.append(
                Rollout(
                    problem_id=request.problem.id,
                    sample_index=index,
                    token_ids=np.arange(index + 1),
                    text=text,
                    stop_reason=StopReason.STOP,
                    sampler_logprobs=np.full(index + 1, -2.0, dtype=np.float32),
                )
            )
        return RolloutGroup(problem=request.problem, rollouts=tuple(rollouts))


def _source(
    renderer: Renderer, shares: Sequence[float], dynamic: DynamicSamplingConfig | None
) -> tuple[RolloutSource, ScriptedSampler]:
    sampler = ScriptedSampler(shares)
    source = RolloutSource(
        _drawer(renderer),
        Attempts(sampler=sampler, preset=BOXED, rewards=open_rewards(RewardConfig(format=0.5)), num_samples=4),
        Processes(),
        dynamic_sampling=dynamic,
    )
    return source, sampler


def test_attempts_are_graded_rewarded_and_reported(renderer: Renderer):
    source, _ = _source(renderer, [1.0, 0.5, 0.0], None)
    found = source.collect(3)
    rewards = [[rollout.reward for rollout in each.group.rollouts] for each in found.groups]
    assert rewards == [[1.5] * 4, [1.5, 1.5, 0.5, 0.5], [0.5] * 4]
    metrics = summarise(found.metrics)
    assert metrics["score/accuracy"] == pytest.approx(0.5)
    assert metrics["reward/mean"] == pytest.approx(1.0)
    assert metrics["group/signal_fraction"] == pytest.approx(1 / 3)
    assert metrics["sampling/entropy"] == pytest.approx(2.0)
    assert metrics["sampling/generated_tokens"] == 30
    assert metrics["response/length_tokens"] == pytest.approx(2.5)


def test_dynamic_sampling_replaces_groups_that_teach_nothing(renderer: Renderer):
    source, sampler = _source(renderer, [1.0, 0.5, 0.0, 0.25, 1.0, 0.75], DynamicSamplingConfig(max_rounds=5))
    found = source.collect(3)  # rounds of 3, 2 and 1
    assert [each.number for each in found.groups] == [1, 3, 5]
    assert len(set(sampler.asked)) == 6
    metrics = summarise(found.metrics)
    assert metrics["sampling/num_rounds"] == 3
    assert metrics["score/accuracy"] == pytest.approx(3.5 / 6)  # of all attempts, kept or not


def test_dynamic_sampling_stops_at_its_bound(renderer: Renderer):
    source, sampler = _source(renderer, [1.0] * 99, DynamicSamplingConfig(max_rounds=4))
    found = source.collect(2)
    assert found.groups == ()
    assert len(sampler.asked) == 8


def test_demonstrations_end_with_the_end_token_and_read_as_the_preset_says(renderer: Renderer):
    found = DemonstrationSource(_drawer(renderer), renderer, BOXED).collect(4)
    for each in found.groups:
        (rollout,) = each.group.rollouts
        assert rollout.is_demonstration
        assert rollout.token_ids[-1] == renderer.end_token_id
        text = renderer.tokenizer.decode(rollout.token_ids[:-1])
        assert text == rollout.text
        assert text.startswith("<think> ")
        assert text.endswith(f"</think> \\boxed{{{each.group.problem.answer}}}")


def test_shares_of_processes_make_up_the_step(renderer: Renderer):
    whole = _drawer(renderer).draw(7)
    parts = [_drawer(renderer, Processes(rank=rank, num=3)).draw(7) for rank in range(3)]
    merged = sorted((turn for part in parts for turn in part.turns), key=lambda turn: turn.number)
    assert [turn.example.problem.id for turn in merged] == [turn.example.problem.id for turn in whole.turns]
    assert [len(part.turns) for part in parts] == [3, 2, 2]


def test_problems_that_are_dropped_are_replaced(untrained: Path):
    sizes = load_model(ModelConfig(checkpoint=str(untrained))).renderer
    examples = open_data(PocketDataConfig(source="pocket", num_problems=10))
    lengths = [sizes.render(examples[index].problem, BOXED).num_tokens for index in range(10)]
    limit = sorted(lengths)[4]
    config = RenderingConfig(max_prompt_tokens=limit, too_large="drop")
    renderer = load_model(ModelConfig(checkpoint=str(untrained), rendering=config)).renderer
    drawn = _drawer(renderer).draw(5)
    assert len(drawn.turns) == 5
    assert drawn.num == 5 + len(drawn.dropped)
    assert all(turn.prompt.num_tokens <= limit for turn in drawn.turns)
    config = RenderingConfig(max_prompt_tokens=1, too_large="drop")
    renderer = load_model(ModelConfig(checkpoint=str(untrained), rendering=config)).renderer
    with pytest.raises(InputError, match="all 10 problems were dropped as too large"):
        _drawer(renderer).draw(1)
