"""Random streams and the choice of tokens: independence of keys, exact frequencies, top-k and top-p."""

import io
from dataclasses import replace
from itertools import combinations
from typing import cast

import numpy as np
import pytest
import torch
from rich.console import Console
from scipy.stats import chisquare

from synergy.errors import InputError
from synergy.records import AnswerKind, Problem, Purpose, SampleRequest
from synergy.sampling.choice import Chooser, draw, truncated
from synergy.sampling.groups import check_requests
from synergy.sampling.progress import sampling_progress
from synergy.sampling.streams import StreamKey, stream_keys

KEY = StreamKey(seed=1, purpose=Purpose.TRAIN, visit=0, problem_id="a", prefix=(), sample_index=0)
OTHERS = [
    replace(KEY, seed=2),
    replace(KEY, purpose=Purpose.TAG),
    replace(KEY, purpose=Purpose.EVALUATE),
    replace(KEY, purpose=Purpose.DISTIL),
    replace(KEY, visit=1),
    replace(KEY, problem_id="b"),
    replace(KEY, prefix=(1,)),
    replace(KEY, sample_index=1),
    replace(KEY, visit=10, sample_index=0),
    replace(KEY, visit=1, sample_index=10),
]


def _problem(name: str) -> Problem:
    return Problem(id=name, question="?", answer="1", answer_kind=AnswerKind.NUMBER)


def test_every_part_of_the_key_matters():
    streams = [key.uniforms(64) for key in [KEY, *OTHERS]]
    assert all(not np.isin(first, second).any() for first, second in combinations(streams, 2))
    assert len({key.server_seed for key in [KEY, *OTHERS]}) == len(OTHERS) + 1


def test_a_stream_does_not_depend_on_how_much_of_it_is_asked_for():
    assert np.array_equal(KEY.uniforms(7), KEY.uniforms(1000)[:7])


def test_a_stream_stays_what_it_was():
    """Written down, so that a run can be continued by a later version."""
    assert KEY.uniforms(3).tolist() == [0.6423610353088016, 0.22449393017061736, 0.370311819743517]


def test_a_request_has_one_key_a_sample():
    request = SampleRequest(problem=_problem("a"), num_samples=3, visit=2, prefix=np.array([5, 6]))
    keys = stream_keys(request, seed=1, purpose=Purpose.TAG)
    assert keys == [
        StreamKey(seed=1, purpose=Purpose.TAG, visit=2, problem_id="a", prefix=(5, 6), sample_index=index)
        for index in range(3)
    ]


def test_asking_twice_for_the_same_responses_is_an_error():
    same = SampleRequest(problem=_problem("a"), num_samples=3)
    with pytest.raises(InputError, match="'a' is asked for twice with visit 0"):
        check_requests([same, same])
    check_requests(
        [same, replace(same, visit=1), replace(same, prefix=np.array([1])), replace(same, problem=_problem("b"))]
    )


LOGITS = torch.tensor([1.0, -torch.inf, 0.3, 2.0, -1.0, 0.3, -torch.inf, -7.0])


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7])
def test_frequencies_are_the_probabilities(temperature: float):
    num_draws = 200_000
    logits = (LOGITS / temperature).expand(num_draws, -1)
    uniforms = torch.from_numpy(KEY.uniforms(num_draws))
    choice = draw(logits, uniforms)
    probabilities = (LOGITS.double() / temperature).softmax(0)
    counts = torch.bincount(choice.token_ids, minlength=8)
    assert counts[[1, 6]].sum() == 0
    possible = probabilities > 0
    expected = probabilities[possible] * num_draws
    assert chisquare(counts[possible], expected).pvalue > 1e-3
    assert chisquare(counts[possible].roll(1), expected).pvalue < 1e-9  # the test can fail
    assert torch.allclose(choice.logprobs.double(), probabilities.log()[choice.token_ids], atol=1e-6)


@pytest.mark.parametrize("uniform", [0.0, 0.5, float(np.nextafter(1.0, 0.0))])
def test_no_number_draws_a_banned_token(uniform: float):
    logits = torch.full((1, 100_000), -1.0)
    logits[:, :10] = logits[:, -10:] = -torch.inf
    choice = draw(logits, torch.tensor([uniform], dtype=torch.float64))
    assert 10 <= choice.token_ids.item() < 100_000 - 10


def test_temperature_zero_takes_the_likeliest():
    choice = Chooser(temperature=0).choose(LOGITS[None], torch.tensor([0.01]))
    assert choice.token_ids.tolist() == [3]
    assert choice.logprobs.tolist() == [0.0]


def test_top_k_then_top_p():
    weights = torch.tensor([[0.1, 0.4, 0.05, 0.3, 0.15]])
    assert truncated(weights, 0, 1.0).tolist() == weights.tolist()
    assert truncated(weights, 2, 1.0).nonzero()[:, 1].tolist() == [1, 3]
    assert truncated(weights, 0, 0.69).nonzero()[:, 1].tolist() == [1, 3]  # 0.4 alone is less than 0.69
    assert truncated(weights, 0, 0.71).nonzero()[:, 1].tolist() == [1, 3, 4]
    assert truncated(weights, 0, 1e-9).nonzero()[:, 1].tolist() == [1]
    # of the 0.7 that top-k leaves, 0.4 are 57 %
    assert truncated(weights, 2, 0.5).nonzero()[:, 1].tolist() == [1]


def test_log_probs_are_of_the_whole_distribution_when_it_is_cut_off():
    logits = LOGITS.expand(1000, -1)
    choice = draw(logits, torch.from_numpy(KEY.uniforms(1000)), top_k=2)
    assert set(choice.token_ids.tolist()) == {0, 3}
    assert torch.allclose(choice.logprobs, LOGITS.log_softmax(0)[choice.token_ids], atol=1e-6)


def test_the_progress_bar_shows_responses_and_speed():
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    with sampling_progress(8, title="tagging", console=console) as show:
        show(2, 50)
        show(8, 200)
    shown = cast(io.StringIO, console.file).getvalue()
    assert "tagging" in shown
    assert "8/8" in shown
    assert "tokens/s" in shown
