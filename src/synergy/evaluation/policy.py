"""Answers from a model of ours, by the sampler of a back-end."""

from collections.abc import Sequence

from synergy.config.protocol import ProtocolConfig
from synergy.config.sampling import SamplingConfig
from synergy.evaluation.answerer import OnProgress
from synergy.evaluation.responses import Response
from synergy.models.loading import LoadedModel
from synergy.models.prompt import Dropped
from synergy.prompts import PromptPreset
from synergy.records import Problem, Purpose, RolloutGroup, SampleRequest
from synergy.sampling.backends import open_sampler


class PolicyAnswerer:
    """An `Answerer`: a model loaded here. Raises as `open_sampler`."""

    def __init__(
        self,
        loaded: LoadedModel,
        protocol: ProtocolConfig,
        preset: PromptPreset | None,
        *,
        seed: int,
        backend: str,
        purpose: Purpose = Purpose.EVALUATE,
    ) -> None:
        self._loaded = loaded
        self._preset = preset
        self._num_runs = protocol.num_runs
        self._purpose = purpose
        self._sampler = open_sampler(loaded, sampling_config(protocol, backend), preset, seed=seed)

    def answer(self, problems: Sequence[Problem], on_progress: OnProgress) -> list[Response]:
        """As `Answerer.answer`; all runs of a problem share its prompt. Raises InputError for one too large."""
        requests = [SampleRequest(problem=problem, num_samples=self._num_runs) for problem in problems]
        groups = self._sampler.sample(requests, purpose=self._purpose, on_progress=on_progress)
        return [response for group in groups for response in self._responses(group)]

    def prompt(self, problem: Problem) -> str:
        """The chat as the model's template writes it."""
        return self._loaded.renderer.text(problem, self._preset)

    def _responses(self, group: RolloutGroup) -> list[Response]:
        prompt = self._loaded.renderer.prompt(group.problem, self._preset)
        return [
            Response(
                problem_id=group.problem.id,
                run=rollout.sample_index,
                text=rollout.text,
                stop_reason=rollout.stop_reason,
                num_tokens=len(rollout.token_ids),
                num_prompt_tokens=None if isinstance(prompt, Dropped) else prompt.num_tokens,
            )
            for rollout in group.rollouts
        ]


def sampling_config(protocol: ProtocolConfig, backend: str) -> SamplingConfig:
    """A protocol's sampling for one of our back-ends."""
    asked = protocol.response
    return SamplingConfig.model_validate(
        {
            "backend": backend,
            "temperature": asked.temperature,
            "top_p": asked.top_p,
            "top_k": asked.top_k,
            "max_tokens": asked.max_tokens,
        }
    )
