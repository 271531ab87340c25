"""A small problem with a picture: for checks at load, and as the zero-weight tree of a rank without images.

Where the tower is trained, DDP waits for its gradient from every rank.
"""

from PIL import Image

from synergy.models.rendering import Renderer
from synergy.models.trees import Tree, group_tree
from synergy.records import AnswerKind, Problem

_SIDE_PIXELS = 64


def small_problem() -> Problem:
    """A grey gradient and a question about it."""
    picture = Image.linear_gradient("L").resize((_SIDE_PIXELS, _SIDE_PIXELS)).convert("RGB")
    return Problem(
        id="small problem", question="What is this?", answer="A", answer_kind=AnswerKind.OPTION, images=(picture,)
    )


def dummy_tree(renderer: Renderer) -> Tree:
    """A tree with a picture and one scored token, the end; its weight in a loss is 0."""
    return group_tree(renderer.render(small_problem(), None), [[renderer.end_token_id]])
