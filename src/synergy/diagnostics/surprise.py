"""How surprising training data was to the base, beside what was forgotten: is forgetting the data's doing?

2506.23508 explains forgetting by the perplexity of each training set under the base model. Only data that is imitated
has one: RL, which learns from its own samples, has no point on the curve.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from synergy.config.data import DataConfig
from synergy.config.model import ModelConfig
from synergy.config.resolve import resolved
from synergy.data.examples import Example, Examples
from synergy.data.load import open_data
from synergy.diagnostics.diagnostic import Inquiry, LackingError
from synergy.diagnostics.finding import Cell, Finding, FindingColumn, FindingCurve, Verdict
from synergy.diagnostics.forgetting import change, compared, problem_scores, untrained
from synergy.diagnostics.kept import kept
from synergy.diagnostics.samples import read_samples
from synergy.diagnostics.stored import trained_by
from synergy.diagnostics.subject import Subject
from synergy.diagnostics.trained_on import made_by_one_run, trained_families, training_data
from synergy.diagnostics.whose_doing import whose_doing
from synergy.evaluation.perplexity import perplexities
from synergy.evaluation.provenance import weights_sha256
from synergy.file_hash import file_sha256
from synergy.prompts import get_preset

NUM_PROBLEMS = 300  #: of each training set; ours
NUM_DRAWS = 10_000
_VERSION = 1


def data_surprise(inquiry: Inquiry) -> Finding:
    """A row a training that imitates: its data's surprise to the base, what was forgotten; raises LackingError."""
    against = inquiry.against
    assert against is not None, "the registry says that a comparison is needed"
    rows = [
        _row(inquiry, subject, run, against)
        for subject in inquiry.subjects
        for run in subject.runs
        if trained_by(run).imitates
    ]
    if not rows:
        raise LackingError("no training that imitates; expected SFT among the models' runs")
    return Finding(
        kind="finding",
        diagnostic="data_surprise",
        about=tuple(dict.fromkeys(str(row["subject"]) for row in rows)),
        against=against.name,
        method=(
            f"Up to {NUM_PROBLEMS} problems of each training set: minus the mean log-probability of the tokens of its "
            "demonstrations under the base, averaged over problems with a 95 % bootstrap interval; the perplexity is "
            "its exponential. Beside it the change of accuracy on families that the model was not trained on."
        ),
        settings={"num_problems": NUM_PROBLEMS, "seed": inquiry.seed},
        verdicts=tuple(_verdicts(inquiry, rows)),
        columns=(
            FindingColumn(name="subject", title="model"),
            FindingColumn(name="data", title="trained on"),
            FindingColumn(name="num_problems", title="measured on", unit="problems"),
            FindingColumn(name="nats", title="surprise a token", unit="nats", low="low", high="high"),
            FindingColumn(name="perplexity", title="perplexity"),
            FindingColumn(
                name="change", title="change on other families", unit="points", low="change_low", high="change_high"
            ),
        ),
        rows=tuple(rows),
        curves=(FindingCurve(x="nats", y="change"),),
    )


def _verdicts(inquiry: Inquiry, rows: Sequence[Mapping[str, Cell]]) -> list[Verdict]:
    """One for each subject that RL alone made, against the nearest and the farthest that SFT alone made."""
    surprise = {str(row["subject"]): float(row["nats"] or 0.0) for row in rows}
    imitating = [each for each in inquiry.subjects if each.name in surprise and _is_plain_sft(each)]
    by_rl = [each for each in inquiry.subjects if not any(trained_by(run).imitates for run in each.runs)]
    found: list[Verdict | None] = []
    for rl in by_rl:
        near, far = nearest_and_farthest(imitating, rl, surprise)
        if near is not None and far is not None:
            found.append(whose_doing(near, far, rl, inquiry.seed))
    return [each for each in found if each is not None]


def nearest_and_farthest(
    imitating: Sequence[Subject], rl: Subject, surprise: Mapping[str, float]
) -> tuple[Subject | None, Subject | None]:
    """SFT on what this RL model answered itself, as the paper compares, else on what surprises the base least; and SFT
    on what surprises it most. None where there are no two."""
    ordered = sorted(imitating, key=lambda each: surprise[each.name])
    own = next((each for each in ordered if rl.runs[-1] in each.runs), None)
    near = own or next(iter(ordered), None)
    far = next((each for each in reversed(ordered) if each is not near), None)
    return near, far


def _is_plain_sft(subject: Subject) -> bool:
    """Made by one run, of whole weights: adapters forget less on the same data."""
    return made_by_one_run(subject) and trained_by(subject.runs[-1]).model.lora is None


class ChosenExamples:
    """Some examples of a data set, by position."""

    def __init__(self, examples: Examples, places: Sequence[int]) -> None:
        self._examples, self._places = examples, list(places)
        self.ids = [examples.ids[place] for place in self._places]
        self.has_demonstrations = examples.has_demonstrations

    def __len__(self) -> int:
        """How many."""
        return len(self._places)

    def __getitem__(self, index: int) -> Example:
        """The example at an index from 0."""
        return self._examples[self._places[index]]


def choose_examples(examples: Examples, num: int, seed: int) -> ChosenExamples:
    """`num` of them at random in their own order, all where there are fewer."""
    drawn = np.random.default_rng(seed).permutation(len(examples))[:num]
    return ChosenExamples(examples, sorted(int(place) for place in drawn))


def _row(inquiry: Inquiry, subject: Subject, run: Path, against: Subject) -> dict[str, Cell]:
    config, data = trained_by(run), training_data(run)
    computed_from: dict[str, Any] = {
        "version": _VERSION,
        "base": weights_sha256(str(against.model)),
        "data": resolved(data)
        | ({"path": file_sha256(data.path)} if data.source == "file" and data.path.is_file() else {}),
        "prompt": config.prompt,
        "num_problems": NUM_PROBLEMS,
        "seed": inquiry.seed,
    }

    def compute() -> list[float]:
        examples = choose_examples(open_data(data), NUM_PROBLEMS, inquiry.seed)
        model = ModelConfig(checkpoint=str(against.model))
        found = perplexities(
            model,
            examples,
            get_preset(config.prompt),
            lambda num_done, num: inquiry.on_progress(f"data of {subject.name}", num_done, num),
        )
        return np.log(list(found.values())).tolist()

    values = np.array(kept(inquiry.cache, computed_from, compute))
    drawn = np.random.default_rng(inquiry.seed).integers(len(values), size=(NUM_DRAWS, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), [0.025, 0.975])
    return {
        "subject": subject.name,
        "data": _said(data),
        "num_problems": len(values),
        "nats": float(values.mean()),
        "low": float(low),
        "high": float(high),
        "perplexity": float(np.exp(values.mean())),
        **_forgotten(subject, against, inquiry.seed),
    }


def _said(data: DataConfig) -> str:
    families = "" if data.families is None else f" of {', '.join(data.families)}"
    match data.source:
        case "pocket":
            return f"{data.trace} traces{families}"
        case "file":
            return f"{data.path.parent.name}/{data.path.name}{families}"
        case "hub":
            return f"{data.repository}{families}"


def _forgotten(subject: Subject, against: Subject, seed: int) -> dict[str, Cell]:
    before = {name: problem_scores(read_samples(folder)) for name, folder in against.responses.items()}
    pairs = untrained(compared(subject, before), trained_families(subject))
    if not pairs:
        return {}
    found = change(pairs, seed)
    return {"change": found.estimate, "change_low": found.bound(0.025), "change_high": found.bound(0.975)}
