"""How sharp a model's distributions are on its own answers, and the temperature at which they have a given entropy.

2506.13284 trains at a temperature where the *temperature-adjusted entropy*, that of softmax(logits / T) over response
tokens, is about 0.3 nats. Its notes print no formula; this is what they describe.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from synergy.diagnostics.diagnostic import Inquiry
from synergy.diagnostics.finding import Cell, Finding, FindingColumn, FindingCurve
from synergy.diagnostics.kept import kept
from synergy.diagnostics.subject import Subject
from synergy.diagnostics.tokens.divergence import entropy
from synergy.diagnostics.tokens.models import hidden_states, open_model, tokenise
from synergy.diagnostics.tokens.texts import choose_texts
from synergy.evaluation.provenance import weights_sha256
from synergy.evaluation.samples import SAMPLES
from synergy.file_hash import file_sha256
from synergy.models.loading import LoadedModel

TEMPERATURES = (0.6, 0.85, 1.0, 1.2)  #: the study's three, and one above
WANTED_NATS = 0.3  #: the study's
NUM_TEXTS = 100  #: ours
_RANGE = (0.05, 5.0)  #: where the temperature is looked for
_NUM_HALVINGS = 14  #: to a thousandth
_VERSION = 1


def sharpness(inquiry: Inquiry) -> Finding:
    """A row a model and temperature, the base's first; the last column is the temperature with the study's entropy."""
    asked = [*([inquiry.against] if inquiry.against is not None else []), *inquiry.subjects]
    rows = [row for subject in asked for row in _rows(inquiry, subject)]
    return Finding(
        kind="finding",
        diagnostic="sharpness",
        about=tuple(subject.name for subject in inquiry.subjects),
        against=None,
        method=(
            f"Up to {NUM_TEXTS} of the model's own answers: the mean entropy over their tokens of softmax(logits / T). "
            f"The study trains by RL where it is about {WANTED_NATS} nats: far below there is nothing to explore."
        ),
        settings={"num_texts": NUM_TEXTS, "wanted_nats": WANTED_NATS, "seed": inquiry.seed},
        columns=(
            FindingColumn(name="subject", title="model"),
            FindingColumn(name="temperature", title="temperature T"),
            FindingColumn(name="entropy", title="entropy at T", unit="nats"),
            FindingColumn(name="wanted", title=f"T where it is {WANTED_NATS} nats"),
        ),
        rows=tuple(rows),
        curves=(FindingCurve(x="temperature", y="entropy"),),
    )


def temperature_with(entropy_at: Callable[[float], float], wanted: float) -> float | None:
    """The temperature with that entropy, which rises with it, by halving; None where it is beyond the range."""
    low, high = _RANGE
    if not entropy_at(low) <= wanted <= entropy_at(high):
        return None
    for _ in range(_NUM_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if entropy_at(middle) < wanted else (low, middle)
    return round((low + high) / 2, 3)


def mean_entropy(loaded: LoadedModel, states: Sequence[Float[Tensor, "tokens width"]], temperature: float) -> float:
    """Over all tokens whose states are given, in nats."""
    step, total, num = loaded.policy.head().chunk_tokens, 0.0, 0
    with torch.inference_mode():
        for batch in states:
            for chunk in batch.split(step):
                logits = loaded.policy.logits(chunk, temperature)
                total += float(entropy(torch.log_softmax(logits, dim=1)).double().sum())
                num += len(chunk)
    return total / num


def _rows(inquiry: Inquiry, subject: Subject) -> list[dict[str, Cell]]:
    texts = choose_texts(subject.responses, list(subject.responses), NUM_TEXTS, inquiry.seed)
    computed_from = {
        "version": _VERSION,
        "model": weights_sha256(str(subject.model)),
        "samples": {name: file_sha256(folder / SAMPLES) for name, folder in subject.responses.items()},
        "texts": [text.sample.problem_id for text in texts],
        "temperatures": list(TEMPERATURES),
        "wanted": WANTED_NATS,
    }

    def compute() -> dict[str, Any]:
        loaded = open_model(subject.model)
        states = [batch for _, batch in hidden_states(loaded, tokenise(loaded, texts))]
        found = [mean_entropy(loaded, states, temperature) for temperature in TEMPERATURES]
        wanted = temperature_with(lambda temperature: mean_entropy(loaded, states, temperature), WANTED_NATS)
        inquiry.on_progress(f"answers of {subject.name}", len(texts), len(texts))
        return {"entropies": found, "wanted": wanted}

    found = kept(inquiry.cache, computed_from, compute)
    return [
        {"subject": subject.name, "temperature": temperature, "entropy": each, "wanted": found["wanted"]}
        for temperature, each in zip(TEMPERATURES, found["entropies"], strict=True)
    ]
