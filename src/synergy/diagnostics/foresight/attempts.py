"""Many attempts of a checkpoint at a few problems: how often it is right, and how sure it is of its words.

Chunks of problems are kept as they are done, so that a killed diagnosis goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from synergy.config.data import DataConfig
from synergy.config.resolve import resolved
from synergy.config.train import TrainConfig
from synergy.data.load import open_data
from synergy.diagnostics.kept import kept
from synergy.evaluation.provenance import weights_sha256
from synergy.grading import Attempt, grade_many
from synergy.models.loading import LoadedModel, load_model
from synergy.prompts import get_preset
from synergy.records import Problem, Purpose, RolloutGroup, SampleRequest
from synergy.sampling.backends import open_sampler

_VERSION = 1  # raised where what is kept would come out otherwise
_PROBLEMS_AT_ONCE = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class Attempts:
    """By problem."""

    num_samples: int  #: at each problem
    num_correct: Int[np.ndarray, "num_problems"]
    num_tokens: Int[np.ndarray, "num_problems"]  #: of all samples together
    surprise: Float[np.ndarray, "num_problems"]  #: sum of −log p over those tokens, nats


def attempts_of(
    model: Path,
    rl: TrainConfig,
    data: DataConfig,
    *,
    num_samples: int,
    seed: int,
    folder: Path,
    on_progress: Callable[[int, int], None],
) -> Attempts:
    """Attempts of the model at all problems of `data`, sampled as the run `rl` samples; raises as the sampler does."""
    examples = open_data(data)
    preset = get_preset(rl.prompt)
    sampling = rl.sampling.model_copy(update={"backend": "local"})
    section = rl.model.model_copy(update={"checkpoint": str(model), "freeze": (), "lora": None})
    computed_from = {
        "version": _VERSION,
        "weights": weights_sha256(str(model)),
        "model": resolved(section) | {"checkpoint": ""},
        "data": resolved(data),
        "prompt": preset.name,
        "sampling": resolved(sampling),
        "num_samples": num_samples,
        "seed": seed,
    }

    @cache
    def loaded() -> LoadedModel:
        found = load_model(section)
        found.model.eval()
        return found

    def sampled(problems: list[Problem]) -> list[list[float]]:
        sampler = open_sampler(loaded(), sampling, preset, seed=seed)
        requests = [SampleRequest(problem=problem, num_samples=num_samples) for problem in problems]
        groups = sampler.sample(requests, purpose=Purpose.EVALUATE)
        rollouts = [(group.problem, rollout) for group in groups for rollout in group.rollouts]
        verdicts = grade_many(
            [Attempt(problem=of, response=each.text, stop_reason=each.stop_reason) for of, each in rollouts],
            preset=preset,
        )
        correct = iter([verdict.correct for verdict in verdicts])
        return [[sum(next(correct) for _ in group.rollouts), *_told(group)] for group in groups]

    rows: list[list[float]] = []
    for start in range(0, len(examples), _PROBLEMS_AT_ONCE):
        places = range(start, min(start + _PROBLEMS_AT_ONCE, len(examples)))
        rows += kept(
            folder,
            {**computed_from, "places": [places.start, places.stop]},
            lambda places=places: sampled([examples[place].problem for place in places]),
        )
        on_progress(len(rows), len(examples))
    correct, tokens, surprise = np.array(rows, dtype=np.float64).T
    return Attempts(
        num_samples=num_samples,
        num_correct=correct.astype(np.int64),
        num_tokens=tokens.astype(np.int64),
        surprise=surprise,
    )


def _told(group: RolloutGroup) -> tuple[float, float]:
    """Tokens of a group, and the sum of −log p over them."""
    logprobs = [rollout.sampler_logprobs for rollout in group.rollouts if rollout.sampler_logprobs is not None]
    return sum(map(len, logprobs)), -sum(float(each.sum(dtype=np.float64)) for each in logprobs)
