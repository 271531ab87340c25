"""A model's own responses begun again under other budgets, graded as the study graded them.

Each budget of each chunk of problems is kept as it is done, so that a killed diagnosis goes on.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from synergy.config.resolve import resolved
from synergy.config.study_steps import EvaluateStepConfig
from synergy.diagnostics.again import first_problems
from synergy.diagnostics.budgets.beginnings import GOES_ON, Beginnings
from synergy.diagnostics.kept import kept
from synergy.diagnostics.samples import Sample
from synergy.evaluation.asking import extraction_of, prompt_of
from synergy.evaluation.policy import sampling_config
from synergy.evaluation.provenance import weights_sha256
from synergy.evaluation.responses import Response
from synergy.evaluation.verdicts import STRICT, GradingRules, grade_responses
from synergy.models.loading import LoadedModel, load_model
from synergy.prompts import PromptPreset
from synergy.records import Purpose, SampleRequest
from synergy.sampling.backends import open_sampler

_VERSION = 1  # raised where what is kept would come out otherwise
_PROBLEMS_AT_ONCE = 50


@dataclass(frozen=True, kw_only=True)
class Forced:
    """A response under a budget."""

    problem_id: str
    run: int
    text: str
    correct: bool
    num_thinking_tokens: int
    is_touched: bool  #: whether the budget changed anything of it


class Forcing:
    """One model on the first problems of one evaluation set."""

    def __init__(
        self,
        model: Path,
        config: EvaluateStepConfig,
        preset: PromptPreset,
        *,
        num_problems: int,
        cache: Path,
        on_progress: Callable[[str, int, int], None],
    ) -> None:
        """`preset` is the protocol's; nothing is loaded before the first response is missing."""
        self._section = config.model.model_copy(update={"checkpoint": str(model)})
        self._config, self._preset, self._cache, self._on_progress = config, preset, cache, on_progress
        self._on = first_problems(config, num_problems)
        self._problems = {problem.id: (place, problem) for place, problem in enumerate(self._on.texts())}
        self._known_by: dict[str, Any] = {
            "version": _VERSION,
            "weights": weights_sha256(str(model)),
            "config": resolved(config),
            "goes_on": GOES_ON,
        }

    def own(self, samples: Sequence[Sample]) -> list[Forced]:
        """The study's responses to these problems, as they are."""
        return [
            Forced(
                problem_id=each.problem_id,
                run=each.run,
                text=each.text,
                correct=each.correct,
                num_thinking_tokens=self._beginnings.num_thinking_tokens(each.text),
                is_touched=False,
            )
            for each in samples
            if each.problem_id in self._problems
        ]

    def cut(self, responses: Sequence[Forced], num_tokens: int) -> list[Forced]:
        """With thinking of at most so many tokens; those that have no more stay."""
        return self._again(responses, f"cut at {num_tokens}", lambda text: self._beginnings.cut(text, num_tokens))

    def longer(self, responses: Sequence[Forced], num_times: int) -> list[Forced]:
        """With the end of thinking taken back so many times; those that never ended it stay."""
        for time in range(1, num_times + 1):
            responses = self._again(responses, f"longer {time}", self._beginnings.longer)
        return list(responses)

    def _again(self, responses: Sequence[Forced], words: str, begin: Callable[[str], list[int] | None]) -> list[Forced]:
        found: list[Forced] = []
        for chunk in self._chunks(responses):
            texts = [[each.problem_id, each.run, each.text] for each in chunk]
            rows = kept(
                self._cache,
                {**self._known_by, "budget": words, "responses": texts},
                lambda chunk=chunk: self._rows(chunk, begin),
            )
            found += [Forced(**row) for row in rows]
            self._on_progress(words, len(found), len(responses))
        return found

    def _chunks(self, responses: Sequence[Forced]) -> Iterator[list[Forced]]:
        places = [self._problems[each.problem_id][0] // _PROBLEMS_AT_ONCE for each in responses]
        for chunk in sorted(set(places)):
            yield [each for each, place in zip(responses, places, strict=True) if place == chunk]

    def _rows(self, responses: Sequence[Forced], begin: Callable[[str], list[int] | None]) -> list[dict[str, Any]]:
        begun = [(each, prefix) for each in responses if (prefix := begin(each.text)) is not None]
        written = self._written(begun)
        return [vars(written.get((each.problem_id, each.run), each)) for each in responses]

    def _written(self, begun: Sequence[tuple[Forced, list[int]]]) -> dict[tuple[str, int], Forced]:
        """What the model makes of the beginnings, by problem and run."""
        sampler = open_sampler(
            self._loaded, sampling_config(self._config.protocol, "local"), self._prompt, seed=self._config.seed
        )
        requests = [
            SampleRequest(
                problem=self._on.problems[self._problems[each.problem_id][0]],
                num_samples=1,
                visit=each.run,
                prefix=np.array(prefix, dtype=np.int64),
            )
            for each, prefix in begun
        ]
        groups = sampler.sample(requests, purpose=Purpose.EVALUATE)
        pairs = [
            (
                self._problems[each.problem_id][1],
                Response(
                    problem_id=each.problem_id,
                    run=each.run,
                    text=group.rollouts[0].text,
                    stop_reason=group.rollouts[0].stop_reason,
                    num_tokens=len(group.rollouts[0].token_ids),
                    num_prompt_tokens=None,
                ),
            )
            for (each, _), group in zip(begun, groups, strict=True)
        ]
        rules = GradingRules(
            extraction=extraction_of(self._config.protocol),
            truncated_is_wrong=self._config.protocol.truncated_is_wrong,
            official=None,
            judge=None,
        )
        graded = grade_responses(pairs, rules, lambda name, num_done, num: None)
        return {
            (each.response.problem_id, each.response.run): Forced(
                problem_id=each.response.problem_id,
                run=each.response.run,
                text=each.response.text,
                correct=each.verdicts[STRICT].correct,
                num_thinking_tokens=self._beginnings.num_thinking_tokens(each.response.text),
                is_touched=True,
            )
            for each in graded
        }

    @cached_property
    def _loaded(self) -> LoadedModel:
        found = load_model(self._section)
        found.model.eval()
        return found

    @cached_property
    def _beginnings(self) -> Beginnings:
        return Beginnings(self._loaded.renderer.tokenizer, self._preset)

    @property
    def _prompt(self) -> PromptPreset | None:
        return prompt_of(self._config.protocol, is_tuned=self._config.is_tuned)
