"""What every back-end does alike: requests checked before, groups put together after."""

from collections.abc import Callable, Sequence

import numpy as np

from synergy.errors import InputError
from synergy.records import Rollout, RolloutGroup, SampleRequest, StopReason
from synergy.sampling.responses import Response
from synergy.sampling.streams import prefix_ids


def check_requests(requests: Sequence[SampleRequest]) -> None:
    """Raise InputError where two requests would get the same responses."""
    seen: set[tuple[str, int, tuple[int, ...]]] = set()
    for request in requests:
        key = (request.problem.id, request.visit, prefix_ids(request))
        if key in seen:
            raise InputError(
                f"problem '{request.problem.id}' is asked for twice with visit {request.visit}; expected another id "
                "or visit, as both would get the same responses: remove duplicate ids from the data set"
            )
        seen.add(key)


def failed_group(request: SampleRequest) -> RolloutGroup:
    """A group whose attempts all failed."""
    rollouts = tuple(failed_rollout(request, index) for index in range(request.num_samples))
    return RolloutGroup(problem=request.problem, rollouts=rollouts)


def failed_rollout(request: SampleRequest, sample_index: int) -> Rollout:
    """An attempt that the back-end has no response to."""
    return Rollout(
        problem_id=request.problem.id,
        sample_index=sample_index,
        token_ids=np.zeros(0, dtype=np.int64),
        text="",
        stop_reason=StopReason.FAILED,
    )


def group_of(
    request: SampleRequest,
    prefix: np.ndarray,
    responses: Sequence[Response],
    *,
    with_logprobs: bool,
    text_of: Callable[[np.ndarray], str],
) -> RolloutGroup:
    """A request's responses, in the order of their sample index, behind what was given to all of them."""
    assert len(responses) == request.num_samples, "every attempt ends once"
    unknown = np.full(len(prefix), np.nan, dtype=np.float32)  # given, not drawn
    rollouts = []
    for index, response in enumerate(responses):
        token_ids = np.concatenate([prefix, response.token_ids])
        rollouts.append(
            Rollout(
                problem_id=request.problem.id,
                sample_index=index,
                token_ids=token_ids,
                text=text_of(token_ids),
                stop_reason=response.stop_reason,
                sampler_logprobs=np.concatenate([unknown, response.logprobs]) if with_logprobs else None,
                num_guided_tokens=len(prefix),
            )
        )
    return RolloutGroup(problem=request.problem, rollouts=tuple(rollouts))
