"""Decoding a model whose trees were not tested: by its own `generate`, one prompt at a time.

`generate` runs the model and keeps its cache; which token comes next is decided here, by the same rule and the same
random numbers as in `decoding`. Slower: an image is encoded and a prompt is run once for each of its responses.
"""

from collections.abc import Iterator, Sequence
from typing import Any, cast

import torch
from torch import Tensor
from transformers import GenerationConfig, LogitsProcessor, StoppingCriteria

from synergy.config.sampling import LocalConfig
from synergy.models.evaluating import evaluating
from synergy.models.plain import padded_rows
from synergy.models.policy import Policy
from synergy.models.trees import group_tree
from synergy.sampling.choice import Chooser
from synergy.sampling.responses import Response, ResponseRows
from synergy.sampling.stopping import StopRule
from synergy.sampling.work import Task


def decode_plain(
    policy: Policy,
    tasks: Sequence[Task],
    config: LocalConfig,
    *,
    chooser: Chooser,
    stop_rule: StopRule,
    max_tokens: int,
) -> Iterator[list[Response]]:
    """As `decoding.decode`, for any model."""
    for task in tasks:
        for start in range(0, len(task.attempts), config.slots):
            attempts = task.attempts[start : start + config.slots]
            rows = ResponseRows(attempts, stop_rule=stop_rule, max_tokens=max_tokens)
            yield _decode_task(policy, task, rows, chooser)


def _decode_task(policy: Policy, task: Task, rows: ResponseRows, chooser: Chooser) -> list[Response]:
    inputs = policy.model_inputs(padded_rows(group_tree(task.prompt, [[]] * len(rows))))
    following = _Following(policy, rows, chooser)
    config = GenerationConfig(max_new_tokens=rows.max_tokens, do_sample=False, pad_token_id=rows.stop_rule.end_ids[0])
    model = cast(Any, policy.model)  # `generate` is not typed
    own, model.generation_config = model.generation_config, GenerationConfig()  # which it would fill gaps from
    try:
        with evaluating(policy):
            model.generate(
                **inputs, generation_config=config, logits_processor=[following], stopping_criteria=[_Ended(rows)]
            )
    finally:
        model.generation_config = own
    return following.responses


class _Following(LogitsProcessor):
    """Decides each next token, and leaves `generate` no other."""

    def __init__(self, policy: Policy, rows: ResponseRows, chooser: Chooser) -> None:
        self.banned = cast(Tensor, policy.banned_ids)
        self.rows = rows
        self.chooser = chooser
        self.responses: list[Response] = []

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        logits = (scores / self.chooser.divisor).index_fill_(1, self.banned, -torch.inf)
        choice = self.chooser.choose(logits, torch.from_numpy(self.rows.uniforms).to(scores.device))
        self.responses += self.rows.take(choice)
        return torch.full_like(scores, -torch.inf).scatter_(1, choice.token_ids[:, None], 0.0)


class _Ended(StoppingCriteria):
    """Tells `generate` which rows have ended."""

    def __init__(self, rows: ResponseRows) -> None:
        self.rows = rows

    def __call__(self, input_ids: Tensor, scores: Any, **kwargs: Any) -> Any:
        return torch.from_numpy(~self.rows.alive).to(input_ids.device)
