"""Whose words a model speaks: its responses under the fine-tuned model against the base model."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from synergy.diagnostics.diagnostic import Inquiry, LackingError
from synergy.diagnostics.finding import Cell, Finding, FindingCurve
from synergy.diagnostics.kept import kept
from synergy.diagnostics.paths.drawn import config_of, drawn_samples
from synergy.diagnostics.paths.table import RESPONSES, Measure, Sums, everyone, measure_table
from synergy.diagnostics.samples import Sample
from synergy.diagnostics.stored import trained_by
from synergy.diagnostics.subject import Subject
from synergy.diagnostics.tokens.asked import AskedProblems
from synergy.errors import InputError
from synergy.evaluation.provenance import weights_sha256
from synergy.file_hash import file_sha256
from synergy.models.loading import LoadedModel, load_model
from synergy.models.prompt import Dropped
from synergy.models.trees import Tree, group_tree, make_batch, micro_batches

NUM_RESPONSES = 200  #: of a model on a set, one a problem

_VERSION = 1
_TOKENS_PER_BATCH = 4096


def whose_words(inquiry: Inquiry) -> Finding:
    """A row a subject and evaluation set; raises LackingError where no model is made by SFT alone."""
    assert inquiry.against is not None  # `needs_against`
    tuned = next((each for each in inquiry.subjects if _is_sft(each)), None)
    if tuned is None:
        raise LackingError("no model made by SFT alone; expected an arm of recipe sft")
    judges = {"base": Judge(inquiry.against), "tuned": Judge(tuned)}
    subjects = everyone(inquiry)

    def sums_of(subject: Subject, on: str, folder: Path) -> Sums:
        samples = drawn_samples(folder, NUM_RESPONSES, inquiry.seed)
        nats = {
            name: _nats(inquiry, judge, folder, samples, f"{subject.name} on {on}") for name, judge in judges.items()
        }
        return {
            sample.problem_id: {
                RESPONSES: 1.0,
                "tokens": base[1],
                "base": base[0],
                "tuned": of_tuned[0],
                "nearer": base[0] - of_tuned[0],
                "nearer_responses": float(base[0] > of_tuned[0]),
            }
            for sample, base, of_tuned in zip(samples, nats["base"], nats["tuned"], strict=True)
        }

    columns, rows = measure_table(inquiry, sums_of, MEASURES)
    return Finding(
        kind="finding",
        diagnostic="whose_words",
        about=tuple(subject.name for subject in subjects),
        against=inquiry.against.name,
        method=(
            f"Stored responses are read by {inquiry.against.name} and by {tuned.name}: mean surprise of a token, the "
            "log of perplexity, under each. Nearer: by how much less the fine-tuned model is surprised. 95 % intervals "
            "by resampling problems."
        ),
        settings={"seed": inquiry.seed, "num_responses": NUM_RESPONSES, "tuned": tuned.name},
        columns=columns,
        rows=tuple(map(_with_perplexities, rows)),
        curves=(FindingCurve(x="set", y="nearer"),),
    )


MEASURES = (
    Measure(name="base", title="surprise of the base model", of="base", over="tokens", unit="nats"),
    Measure(name="tuned", title="of the fine-tuned model", of="tuned", over="tokens", unit="nats"),
    Measure(name="nearer", title="nearer to the fine-tuned", of="nearer", over="tokens", unit="nats",
            is_compared=True),
    Measure(name="nearer_responses", title="responses nearer to it", of="nearer_responses"),
)  # fmt: skip


class Judge:
    """A model that reads responses of others, loaded when it is first needed."""

    def __init__(self, subject: Subject) -> None:
        assert subject.model is not None  # `needs` has it
        self.name = subject.name
        self.folder = subject.model
        self._loaded: LoadedModel | None = None

    @property
    def loaded(self) -> LoadedModel:
        """The model itself."""
        if self._loaded is None:
            self._loaded = load_model(config_of(self.folder))
            self._loaded.model.eval()
        return self._loaded


def _is_sft(subject: Subject) -> bool:
    """Whether its trainings are SFT to the last."""
    configs = [trained_by(run) for run in subject.runs]
    return bool(configs) and all(config.algorithm.name == "sft" for config in configs)


def _nats(
    inquiry: Inquiry, judge: Judge, folder: Path, samples: Sequence[Sample], label: str
) -> list[tuple[float, float]]:
    """Of each response, minus the log of its probability, and its number of tokens."""
    computed_from: dict[str, Any] = {
        "diagnostic": "whose_words",
        "version": _VERSION,
        "model": weights_sha256(str(judge.folder)),
        "samples": file_sha256(folder / "samples.parquet"),
        "num_responses": NUM_RESPONSES,
        "seed": inquiry.seed,
    }

    def compute() -> list[tuple[float, float]]:
        trees = _trees(judge.loaded, folder, samples)
        found: list[tuple[float, float]] = []
        for indices in micro_batches(trees, _TOKENS_PER_BATCH):
            batch = make_batch([trees[index] for index in indices])
            with torch.inference_mode():
                logprobs = judge.loaded.policy(batch).logprobs.double()
            found += [(-float(part.sum()), float(len(part))) for part in logprobs.split(list(batch.branch_lengths))]
            inquiry.on_progress(f"{label}, read by {judge.name}", len(found), len(samples))
        return found

    return [(nats, num) for nats, num in kept(inquiry.cache, computed_from, compute)]


def _trees(loaded: LoadedModel, folder: Path, samples: Sequence[Sample]) -> list[Tree]:
    problems = AskedProblems(folder)
    trees: list[Tree] = []
    for sample in samples:
        prompt = loaded.renderer.prompt(problems[sample.problem_id], problems.preset)
        if isinstance(prompt, Dropped):
            raise InputError(f"problem '{sample.problem_id}': {prompt.reason}")
        response = loaded.renderer.response(sample.problem_id, sample.text)
        trees.append(group_tree(prompt, [response[:-1] if sample.truncated else response]))
    return trees


def _with_perplexities(row: dict[str, Cell]) -> dict[str, Cell]:
    """Perplexities beside the logs, for scripts."""
    logs = {name: row.get(name) for name in ("base", "tuned")}
    return row | {f"{name}_perplexity": math.exp(log) for name, log in logs.items() if isinstance(log, float)}
