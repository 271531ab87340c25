"""Where training changed what the model would say next: token-level KL and entropy, before and after, on one text.

2507.07562 (figure 7) shows such a KL as coloured text and says neither its direction nor on whose text it is: here are
both directions on both texts.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from synergy.diagnostics.diagnostic import Inquiry
from synergy.diagnostics.finding import Cell, Finding, FindingColumn, FindingCurve, FindingExample, MarkedText, Verdict
from synergy.diagnostics.tokens.models import LazyModel
from synergy.diagnostics.tokens.scores import ScoredText, score_texts
from synergy.diagnostics.tokens.texts import choose_texts
from synergy.diagnostics.tokens.words import KINDS, POSITIONS, Piece, pieces_of_tokens

# ours, as the study gives no numbers
NUM_TEXTS = 120  #: of each writer, over all evaluation sets
NUM_DRAWS = 2_000
NUM_EXAMPLES = 2  #: of each writer and subject, the texts with the largest divergence a token
STRONGEST_NATS = 2.0  #: a token with so much is coloured in full
CLOSE_NATS = 0.05  #: a mean below it is called close
AT_BEGINNINGS = 1.5  #: times the mean of all words: more at first words is called so

_MEASURES = {
    "forward": "KL(model ‖ base)",
    "backward": "KL(base ‖ model)",
    "entropy": "entropy",
    "base_entropy": "entropy of the base",
    "surprise": "surprise to the base",
}
_WRITERS = {"own": "its own", "base": "the base's"}


@dataclass(frozen=True, kw_only=True)
class Marked:
    """A scored text with the piece that each token belongs to."""

    scored: ScoredText
    pieces: list[Piece]


def token_shift(inquiry: Inquiry) -> Finding:
    """Rows of mean KL in both directions and entropies: overall, by position in the sentence, by class of word."""
    against = inquiry.against
    assert against is not None, "the registry says that a comparison is needed"
    rows: list[dict[str, Cell]] = []
    examples: list[FindingExample] = []
    verdicts: list[Verdict] = []
    base = LazyModel(subject=against)
    for subject in inquiry.subjects:
        tuned = LazyModel(subject=subject)
        names = [name for name in subject.responses if name in against.responses]
        for writer, by in (("own", subject), ("base", against)):
            texts = choose_texts(by.responses, names, NUM_TEXTS, inquiry.seed)
            scored = score_texts(tuned, base, texts, inquiry.cache, inquiry.on_progress)
            marked = [
                Marked(scored=each, pieces=pieces_of_tokens(each.text.sample.text, each.offsets)) for each in scored
            ]
            found = list(shift_rows(subject.name, writer, marked, inquiry.seed))
            rows += found
            examples += [coloured(subject.name, writer, each) for each in _strongest(marked)]
            if writer == "own" and marked:
                verdicts.append(shift_verdict(subject.name, found))
    return Finding(
        kind="finding",
        diagnostic="token_shift",
        about=tuple(subject.name for subject in inquiry.subjects),
        against=against.name,
        method=(
            f"Up to {NUM_TEXTS} answers of the model and as many of the base to the same problems, read by both: at "
            "each token the exact divergence of the two distributions, in both directions, the entropy of each, and "
            "minus the base's log-probability of the token that stands there; at temperature 1. Intervals: 95 %, "
            "bootstrap over texts. In examples the colour is as strong as KL(model ‖ base) up to "
            f"{STRONGEST_NATS:g} nats; its sign says whether training made the token that stands there likelier or "
            "less likely."
        ),
        settings={"num_texts": NUM_TEXTS, "num_draws": NUM_DRAWS, "seed": inquiry.seed},
        verdicts=tuple(verdicts),
        columns=(
            FindingColumn(name="subject", title="model"),
            FindingColumn(name="writer", title="answers of"),
            FindingColumn(name="tokens_of", title="tokens of"),
            FindingColumn(name="num_tokens", title="how many", unit="tokens"),
            *(
                FindingColumn(name=name, title=title, unit="nats", low=f"{name}_low", high=f"{name}_high")
                for name, title in _MEASURES.items()
            ),
        ),
        rows=tuple(rows),
        curves=(FindingCurve(x="position", y="forward"), FindingCurve(x="word_class", y="forward")),
        examples=tuple(examples),
    )


def ratio_interval(
    sums: Float[np.ndarray, "num_texts"], counts: Float[np.ndarray, "num_texts"], seed: int
) -> tuple[float, float, float]:
    """Σ sums / Σ counts with its 95 % bootstrap interval over texts; counts may be 0 in some."""
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=NUM_DRAWS)
    tokens = drawn @ counts
    means = (drawn @ sums)[tokens > 0] / tokens[tokens > 0]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(sums.sum() / counts.sum()), float(low), float(high)


def shift_rows(subject: str, writer: str, marked: Sequence[Marked], seed: int) -> Iterator[dict[str, Cell]]:
    """All tokens, each group of positions, each class; charts are of the model's own answers."""
    groups: list[tuple[str, Callable[[Piece], bool], dict[str, Cell]]] = [("all", lambda piece: True, {})]
    for name in POSITIONS:
        groups.append((name, lambda piece, name=name: piece.position == name, {"position": name}))
    for kind in KINDS:
        groups.append((f"class {kind}", lambda piece, kind=kind: piece.kind == kind, {"word_class": kind}))
    for name, belongs, axis in groups:
        chosen = [np.array([belongs(piece) for piece in each.pieces], dtype=bool) for each in marked]
        counts = np.array([each.sum() for each in chosen], dtype=np.float64)
        if not counts.sum():
            continue
        row: dict[str, Cell] = {
            "subject": subject,
            "writer": _WRITERS[writer],
            "tokens_of": name,
            "num_tokens": int(counts.sum()),
            **(axis if writer == "own" else {}),
        }
        for measure in _MEASURES:
            values = [_values(each.scored, measure) for each in marked]
            sums = np.array([value[mask].sum() for value, mask in zip(values, chosen, strict=True)])
            row[measure], row[f"{measure}_low"], row[f"{measure}_high"] = ratio_interval(sums, counts, seed)
        yield row


def _values(scored: ScoredText, measure: str) -> Float[np.ndarray, "num_tokens"]:
    return -np.array(scored.measures["base_logprob"]) if measure == "surprise" else np.array(scored.measures[measure])


def shift_verdict(subject: str, rows: Sequence[Mapping[str, Cell]]) -> Verdict:
    """Of the model's own answers: close to the base, moved where sentences begin, or moved everywhere."""
    by_name = {str(row["tokens_of"]): row for row in rows}
    every = float(by_name["all"]["forward"] or 0.0)
    first = float(by_name.get("first word", by_name["all"])["forward"] or 0.0)
    words = [by_name[name] for name in POSITIONS if name in by_name]
    num_words = sum(int(row["num_tokens"] or 0) for row in words)
    of_words = sum(float(row["forward"] or 0.0) * int(row["num_tokens"] or 0) for row in words) / max(num_words, 1)
    if every < CLOSE_NATS:
        name = "close to the base"
    else:
        name = "moved where sentences begin" if first > AT_BEGINNINGS * of_words else "moved throughout"
    because = (
        f"On its own answers KL(model ‖ base) is {every:.3f} nats a token, {first:.3f} at the first words of sentences "
        f"and {of_words:.3f} at all words; entropy {float(by_name['all']['entropy'] or 0.0):.3f} nats, the base's "
        f"{float(by_name['all']['base_entropy'] or 0.0):.3f}."
    )
    return Verdict(subject=subject, name=name, because=because)


def _strongest(marked: Sequence[Marked]) -> list[Marked]:
    """Of texts with tokens those with the largest mean, the first of equal ones."""
    able = [each for each in marked if each.scored.offsets]
    return sorted(able, key=lambda each: -float(np.mean(each.scored.measures["forward"])))[:NUM_EXAMPLES]


def coloured(subject: str, writer: str, marked: Marked) -> FindingExample:
    """The text, each token with its KL as strength and the way its probability went as sign; ∎ is the end token."""
    scored, text = marked.scored, marked.scored.text.sample.text
    starts = [start for start, _ in scored.offsets]
    ends = [*starts[1:], len(text)]
    parts: list[MarkedText] = []
    for index, (start, end) in enumerate(zip(starts, ends, strict=True)):
        nats = scored.measures["forward"][index]
        after, before = scored.measures["logprob"][index], scored.measures["base_logprob"][index]
        strength = min(1.0, nats / STRONGEST_NATS)
        parts.append(
            MarkedText(
                text=text[start:end] if start < len(text) else " ∎",
                value=round(strength if after >= before else -strength, 3),
                label=f"KL {nats:.2f} nats; probability {np.exp(before):.2f} → {np.exp(after):.2f}",
            )
        )
    mean = float(np.mean(scored.measures["forward"]))
    title = f"{subject} on {_WRITERS[writer]} answer to {scored.text.sample.problem_id}: {mean:.2f} nats a token"
    return FindingExample(title=title, parts=tuple(parts))
