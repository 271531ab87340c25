"""Responses as a model reads them: texts after their prompts, in batches; the model loaded from a folder."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor

from synergy.config.model import ModelConfig
from synergy.diagnostics.subject import Subject
from synergy.diagnostics.tokens.asked import AskedProblems
from synergy.diagnostics.tokens.texts import WrittenText
from synergy.errors import InputError
from synergy.models.loading import LoadedModel, load_model
from synergy.models.trees import Tree, group_tree, make_batch, micro_batches

_BATCH_TOKENS = 4096


@dataclass(frozen=True, kw_only=True, eq=False)
class TokenisedText:
    """A text after the prompt that it answers."""

    text: WrittenText
    tree: Tree
    token_ids: Int[Tensor, " length"]
    offsets: tuple[tuple[int, int], ...]  #: characters of each token; the end token's are beyond the text


def open_model(folder: Path | None) -> LoadedModel:
    """A model to be asked, never trained; raises as `load_model`."""
    assert folder is not None, "the registry says that a model is needed"
    loaded = load_model(ModelConfig(checkpoint=str(folder)))
    loaded.model.eval()
    return loaded


@dataclass(frozen=True, kw_only=True, eq=False)
class LazyModel:
    """A subject's model, loaded when it is first needed and once."""

    subject: Subject

    @cached_property
    def loaded(self) -> LoadedModel:
        """The model; raises as `load_model`."""
        return open_model(self.subject.model)


def check_same_tokens(one: LoadedModel, other: LoadedModel) -> None:
    """Raise InputError where two models read texts as other tokens, so that nothing of them can be compared."""
    if one.renderer.tokenizer.get_vocab() != other.renderer.tokenizer.get_vocab():
        raise InputError(
            f"{one.config.checkpoint} and {other.config.checkpoint} have different vocabularies; expected one: compare "
            "a tuned model with its own base"
        )


def tokenise(loaded: LoadedModel, texts: Sequence[WrittenText]) -> list[TokenisedText]:
    """Each with its prompt, as it was asked; a response that was not cut off has the end token after it.

    Texts are tokenised anew, which may differ from how they were sampled. Raises InputError where the rebuilt prompt is
    not the one that the evaluation kept of its first problem, FileError for what cannot be read.
    """
    asked: dict[Path, AskedProblems] = {}
    found: list[TokenisedText] = []
    for text in texts:
        if text.folder not in asked:
            asked[text.folder] = AskedProblems(text.folder)
            _check_prompt(loaded, asked[text.folder], text.folder)
        found.append(_tokenised(loaded, asked[text.folder], text))
    return found


def hidden_states(
    loaded: LoadedModel, texts: Sequence[TokenisedText]
) -> Iterator[tuple[list[int], Float[Tensor, "tokens width"]]]:
    """Batch by batch the texts' indices, and the states that predict their tokens, one text after the other."""
    trees = [each.tree for each in texts]
    for indices in micro_batches(trees, _BATCH_TOKENS):
        with torch.inference_mode():  # left before the caller goes on, who would be in it, too
            states = loaded.policy.hidden(make_batch([trees[index] for index in indices]))
        yield indices, states


def _tokenised(loaded: LoadedModel, asked: AskedProblems, text: WrittenText) -> TokenisedText:
    problem, response = asked[text.sample.problem_id], text.sample.text
    encoded = loaded.renderer.tokenizer(response, add_special_tokens=False, return_offsets_mapping=True)
    offsets = [(start, end) for start, end in encoded["offset_mapping"]]
    ids = loaded.renderer.response(problem.id, encoded["input_ids"])
    if not text.sample.truncated:
        ids = torch.cat([ids, torch.tensor([loaded.renderer.end_token_id])])
        offsets.append((len(response), len(response)))
    tree = group_tree(loaded.renderer.render(problem, asked.preset), [ids])
    return TokenisedText(text=text, tree=tree, token_ids=ids, offsets=tuple(offsets))


def _check_prompt(loaded: LoadedModel, asked: AskedProblems, folder: Path) -> None:
    problem_id, prompt = asked.first
    if isinstance(prompt, str) and loaded.renderer.text(asked[problem_id], asked.preset) != prompt:
        raise InputError(
            f"{folder}: problem {problem_id} was asked in other words than this model's template has; expected the "
            "evaluation of a model of the same family"
        )
