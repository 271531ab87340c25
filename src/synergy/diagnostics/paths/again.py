"""What is needed to put stored responses before a model again: problems with pictures, the prompt, the model itself."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from synergy.config.load import load
from synergy.config.model import ModelConfig
from synergy.config.protocol import ProtocolConfig
from synergy.diagnostics.samples import Sample, read_samples
from synergy.errors import FileError
from synergy.evaluation.asking import prompt_of
from synergy.evaluation.pictures import IMAGES
from synergy.evaluation.problems_file import PROBLEMS
from synergy.evaluation.request import Request
from synergy.prompts import PromptPreset
from synergy.records import AnswerKind, Problem


def preset_of(folder: Path) -> PromptPreset | None:
    """How the responses in an evaluation's folder were asked for; raises FileError where it does not say."""
    asked = load(folder / "request.json", Request).asked
    protocol = ProtocolConfig(
        kind="protocol", name="again", source="request.json", asking=asked.asking, response=asked.response
    )
    return prompt_of(protocol, is_tuned=None if asked.asked_as is None else asked.asked_as == "tuned")


def problems_of(folder: Path, ids: set[str]) -> Iterator[Problem]:
    """These problems of an evaluation's folder with their pictures; raises FileError where they are gone."""
    path = folder / PROBLEMS
    try:
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            if row["id"] in ids:
                yield Problem(
                    id=row["id"],
                    question=row["question"],
                    answer=row["gold"],
                    answer_kind=AnswerKind(row["answer_kind"]),
                    images=tuple(_picture(folder / IMAGES / name) for name in row["images"]),
                    choices=tuple(row["choices"]),
                    family=row["family"],
                )
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror or error}); evaluate again") from None


def drawn_samples(folder: Path, num: int, seed: int) -> list[Sample]:
    """The first response to each of `num` problems drawn by the seed, for all models the same ones."""
    first: dict[str, Sample] = {}
    for sample in read_samples(folder):
        if sample.text:
            first.setdefault(sample.problem_id, sample)
    order = np.random.default_rng(seed).permutation(len(first))[:num]
    ids = sorted(first)
    return [first[ids[index]] for index in sorted(order)]


def config_of(model: Path) -> ModelConfig:
    """A stored model as it is run here: nothing trained, in float32."""
    return ModelConfig(checkpoint=str(model))


def _picture(path: Path) -> Image.Image:
    with Image.open(path) as opened:
        opened.load()
        return opened.copy()
