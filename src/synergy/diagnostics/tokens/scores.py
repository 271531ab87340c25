"""Two models over the same texts: what each makes of every token, kept on disk by what it was computed from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from synergy.diagnostics.kept import kept
from synergy.diagnostics.tokens.divergence import Divergence, divergence
from synergy.diagnostics.tokens.models import LazyModel, TokenisedText, check_same_tokens, hidden_states, tokenise
from synergy.diagnostics.tokens.texts import WrittenText
from synergy.evaluation.provenance import weights_sha256
from synergy.evaluation.samples import SAMPLES
from synergy.file_hash import file_sha256
from synergy.models.loading import LoadedModel

_VERSION = 1
_DIGITS = 5  #: after the point, in nats, of what is kept
OnProgress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class ScoredText:
    """A text with the measures of `divergence`, a list of numbers each, and the characters of its tokens."""

    text: WrittenText
    offsets: list[tuple[int, int]]
    measures: dict[str, list[float]]


def score_texts(
    tuned: LazyModel, base: LazyModel, texts: Sequence[WrittenText], cache: Path, on_progress: OnProgress
) -> list[ScoredText]:
    """Both models over all texts, loaded only where that was not done before.

    Raises InputError where their tokens differ, and what loading a model and reading an evaluation raise.
    """
    computed_from = {
        "version": _VERSION,
        "tuned": weights_sha256(str(tuned.subject.model)),
        "base": weights_sha256(str(base.subject.model)),
        "samples": {folder.name: file_sha256(folder / SAMPLES) for folder in dict.fromkeys(t.folder for t in texts)},
        "texts": [[text.folder.name, text.sample.problem_id, text.sample.run] for text in texts],
    }

    def compute() -> list[Any]:
        first, second = tuned.loaded, base.loaded
        check_same_tokens(first, second)
        tokenised = tokenise(first, texts)
        measured = measure(
            first, second, tokenised, lambda num_done: on_progress(tuned.subject.name, num_done, len(texts))
        )
        return [[each.offsets, values] for each, values in zip(tokenised, measured, strict=True)]

    return [
        ScoredText(text=text, offsets=[(start, end) for start, end in offsets], measures=measures)
        for text, (offsets, measures) in zip(texts, kept(cache, computed_from, compute), strict=True)
    ]


def measure(
    tuned: LoadedModel, base: LoadedModel, texts: Sequence[TokenisedText], on_progress: Callable[[int], None]
) -> list[dict[str, list[float]]]:
    """The measures of every text's tokens."""
    found: list[dict[str, list[float]]] = []
    pairs = zip(hidden_states(tuned, texts), hidden_states(base, texts), strict=True)
    for (indices, tuned_states), (_, base_states) in pairs:
        ids = torch.cat([texts[index].token_ids for index in indices])
        measures = _in_chunks(tuned, base, tuned_states, base_states, ids.to(tuned.policy.device))
        lengths = [len(texts[index].token_ids) for index in indices]
        parts = {name: each.double().cpu().split(lengths) for name, each in measures._asdict().items()}
        for place in range(len(indices)):
            found.append(
                {name: [round(value, _DIGITS) for value in each[place].tolist()] for name, each in parts.items()}
            )
        on_progress(len(found))
    return found


def _in_chunks(
    tuned: LoadedModel, base: LoadedModel, tuned_states: Tensor, base_states: Tensor, ids: Int[Tensor, " tokens"]
) -> Divergence:
    """As many tokens at a time as the models' own limit on logits allows."""
    step = tuned.policy.head().chunk_tokens
    with torch.inference_mode():
        chunks = [
            divergence(
                tuned.policy.logits(tuned_states[start : start + step]),
                base.policy.logits(base_states[start : start + step]),
                ids[start : start + step],
            )
            for start in range(0, len(ids), step)
        ]
    return Divergence(*(torch.cat(parts) for parts in zip(*chunks, strict=True)))
