"""Two checks of a freshly loaded model: that its output layer is all of its head, and that its trees are right.

Both run a small problem with a picture; together they cost a few short forward passes.
"""

from typing import cast

import torch
from torch import Tensor, nn

from synergy.errors import InputError
from synergy.models.evaluating import evaluating
from synergy.models.plain import padded_rows
from synergy.models.policy import FULL, SLIDING, Path, Policy, layer_kinds
from synergy.models.rendering import Renderer
from synergy.models.small_problem import small_problem
from synergy.models.trees import TreeBatch, make_batch, prefix_tree

#: largest difference of a log-probability that rounding explains, by type of the weights
_TOLERANCES = {torch.float64: 1e-9, torch.float32: 1e-3, torch.float16: 0.05, torch.bfloat16: 0.25}


def check_head(policy: Policy, renderer: Renderer) -> None:
    """Raise InputError where the model's logits are more than its output layer, such as a cap on them."""
    batch = _batch(renderer)
    with evaluating(policy):
        rows = padded_rows(batch.trees[0])
        inputs = policy.model_inputs(rows)
        whole = policy.model(**inputs, use_cache=False).logits
        hidden = policy.model.base_model(**inputs, use_cache=False).last_hidden_state
        ours = cast(nn.Module, policy.model.get_output_embeddings())(hidden)
    if not torch.allclose(whole, ours, atol=_tolerance(policy)):
        raise InputError(
            f"models of type '{policy.model.config.model_type}' change the logits after the output layer; expected "
            "logits = output layer of the last hidden state, which is all that log-probabilities are computed from"
        )


def choose_path(policy: Policy, renderer: Renderer, attention: str) -> tuple[Path, str]:
    """How the model runs, and why; for trees its language model gets `attention`, else it keeps its own."""
    model, kind = policy.model, policy.model.config.model_type
    if policy.family is None:
        return "plain", f"models of type '{kind}' were not tested as trees"
    unknown = set(layer_kinds(model)) - {FULL, SLIDING}
    if unknown:
        return "plain", f"trees do not know layers of kind {', '.join(sorted(unknown))}"
    batch, usual = _batch(renderer), model.config.get_text_config()._attn_implementation
    with evaluating(policy):
        plain = _scores(policy, batch, "plain")
        model.set_attn_implementation({"text_config": attention})
        tree = _scores(policy, batch, "tree")
    difference = float((plain - tree).abs().max())
    if difference <= _tolerance(policy):
        return "tree", f"trees agree with the model's own forward to {difference:.1e}"
    model.set_attn_implementation({"text_config": usual})
    return "plain", f"trees differ from the model's own forward by {difference:.1e}, more than rounding explains"


def _batch(renderer: Renderer) -> TreeBatch:
    """Responses that share a beginning."""
    problem = small_problem()
    beginning, first, second = (renderer.response(problem.id, text) for text in ("It is a picture", "of a", "with 2"))
    return make_batch([prefix_tree(renderer.render(problem, None), beginning[:-1], [first, second])])


def _scores(policy: Policy, batch: TreeBatch, path: Path) -> Tensor:
    usual = policy.path
    policy.path = path
    try:
        return policy(batch).logprobs
    finally:
        policy.path = usual


def _tolerance(policy: Policy) -> float:
    return _TOLERANCES[policy.model.dtype]
