"""Decoding in slots: new responses start as others end, so that every pass of the model is over a full batch."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from synergy.config.sampling import LocalConfig
from synergy.models.policy import Policy
from synergy.sampling.choice import Choice, Chooser
from synergy.sampling.cohort import Cohort
from synergy.sampling.cohort_attention import attending_cohorts, step_arguments
from synergy.sampling.responses import Response
from synergy.sampling.starts import Starts
from synergy.sampling.stopping import StopRule
from synergy.sampling.work import Task


def decode(
    policy: Policy,
    tasks: Sequence[Task],
    config: LocalConfig,
    *,
    chooser: Chooser,
    stop_rule: StopRule,
    max_tokens: int,
) -> Iterator[list[Response]]:
    """The responses of all tasks, those of each step as they end; the policy has a family (path "tree")."""
    with attending_cohorts(policy):
        starts = Starts(policy, config, tasks, stop_rule=stop_rule, max_tokens=max_tokens)
        cohorts: list[Cohort] = []
        while True:
            for cohort in starts.start(sum(cohort.rows.num_alive for cohort in cohorts)):
                yield _take([cohort], _choices(policy, [cohort], cohort.first_hidden, chooser))
                cohorts.append(cohort)
            if not cohorts:
                return
            cohorts = _going_on(cohorts)
            if cohorts:
                yield _step(policy, cohorts, chooser)
                cohorts = _going_on(cohorts)


def _step(policy: Policy, cohorts: Sequence[Cohort], chooser: Chooser) -> list[Response]:
    """One token more for every row."""
    ids = torch.from_numpy(np.concatenate([cohort.rows.last_ids for cohort in cohorts]))
    positions = torch.cat([cohort.positions for cohort in cohorts]).expand(cohorts[0].num_axes, -1)
    caches = [cohort.cache for cohort in cohorts]
    hidden = policy.language(ids[:, None], positions[..., None], **step_arguments(policy, caches))[:, 0]
    for cache in caches:
        cache.advance()
    return _take(cohorts, _choices(policy, cohorts, hidden, chooser))


def _choices(
    policy: Policy, cohorts: Sequence[Cohort], hidden: Float[Tensor, "rows width"], chooser: Chooser
) -> Choice:
    """The next token of every row, from logits by the trainer's own definition, as many rows at a time as may be."""
    uniforms = torch.from_numpy(np.concatenate([cohort.rows.uniforms for cohort in cohorts])).to(hidden.device)
    num_rows = policy.head().chunk_tokens
    parts = [
        chooser.choose(policy.logits(some, chooser.divisor), numbers)
        for some, numbers in zip(hidden.split(num_rows), uniforms.split(num_rows), strict=True)
    ]
    return Choice(*(torch.cat(tensors) for tensors in zip(*parts, strict=True)))


def _take(cohorts: Sequence[Cohort], choice: Choice) -> list[Response]:
    """Each cohort takes its part of the tokens; the responses that end with them."""
    sizes = [len(cohort) for cohort in cohorts]
    parts = zip(cohorts, choice.token_ids.split(sizes), choice.logprobs.split(sizes), strict=True)
    return [response for cohort, ids, logprobs in parts for response in cohort.rows.take(Choice(ids, logprobs))]


def _going_on(cohorts: Sequence[Cohort]) -> list[Cohort]:
    """The cohorts that are not over, without most of their ended rows."""
    found = [cohort for cohort in cohorts if cohort.rows.num_alive]
    for cohort in found:
        cohort.compact()
    return found
