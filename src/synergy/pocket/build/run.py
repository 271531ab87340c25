"""A pocket model from nothing: cells, pictures, short answers; killed at any moment, it goes on from there.

Everything unfinished lives in `OUT.building`; `OUT` appears by one rename when model, processor and card are in it.
"""

import shutil
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from torch import nn
from transformers import PaddleOCRVLProcessor, PreTrainedTokenizerFast, Qwen2_5_VLForConditionalGeneration

from synergy.config.build import PocketBuildConfig, StageConfig
from synergy.config.load import load
from synergy.config.resolve import config_hash, write_resolved
from synergy.cpu_linear import fast_linear
from synergy.errors import FileError, InputError, unknown_name
from synergy.pocket.build.cells import CellClassifier
from synergy.pocket.build.checkpoint import build_model, build_processor, save_checkpoint
from synergy.pocket.build.examples import answer_rows, picture_rows
from synergy.pocket.build.losses import cell_backward, language_backward
from synergy.pocket.build.stage import Backward, run_stage
from synergy.pocket.build.tokenizer import corpus, train_tokenizer

SIZES = ("tiny", "small", "base")
CONFIGS = Path(__file__).parents[1] / "configs"
CONFIG_FILE = "config.json"


@dataclass(frozen=True)
class Progress:
    """One step of a stage, for a progress display."""

    stage: str
    step: int
    num_steps: int
    metrics: dict[str, float]


@dataclass(frozen=True)
class Built:
    """A finished model, still in memory."""

    model: Qwen2_5_VLForConditionalGeneration
    processor: PaddleOCRVLProcessor


def load_size(size: str, overrides: tuple[str, ...] = ()) -> PocketBuildConfig:
    """The shipped configuration of that size, with overrides such as "seed=1"."""
    if size not in SIZES:
        raise unknown_name("size", size, SIZES)
    return load(CONFIGS / f"{size}.yaml", PocketBuildConfig, overrides)


def building_folder(out: Path) -> Path:
    """Where an unfinished build of `out` lives."""
    return out.with_name(f"{out.name}.building")


def open_building_folder(config: PocketBuildConfig, out: Path) -> Path:
    """Create or find the unfinished build of `out`.

    Raises InputError where `out` exists or the unfinished build has another configuration, FileError where the
    folder can't be made.
    """
    folder = building_folder(out)
    if out.exists():
        raise InputError(f"{out} exists; expected a new folder: give another --out or remove it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(
            f"cannot make {folder}: {error.strerror}; expected a writable place: give another --out"
        ) from None
    stored = folder / CONFIG_FILE
    if stored.exists():
        found = load(stored, PocketBuildConfig)
        if config_hash(found) != config_hash(config):
            raise InputError(
                f"{folder} holds an unfinished build of another configuration; "
                "expected the same one: remove the folder or give another --out"
            )
    else:
        write_resolved(config, stored)
    return folder


def train(config: PocketBuildConfig, folder: Path) -> Generator[Progress, None, Built]:
    """Run or resume all stages in `folder`, yielding progress; returns the trained model."""
    processor = build_processor(_tokenizer(config, folder))
    model = build_model(config, processor.tokenizer)
    with fast_linear(model):
        yield from _train_stages(config, folder, model, processor)
    return Built(model, processor)


def _train_stages(
    config: PocketBuildConfig,
    folder: Path,
    model: Qwen2_5_VLForConditionalGeneration,
    processor: PaddleOCRVLProcessor,
) -> Iterator[Progress]:
    stages, seed = config.stages, config.seed
    classifier = CellClassifier(model.lm_head.weight, processor.tokenizer)
    yield from _stage(
        "cells",
        nn.ModuleDict({"tower": model.model.visual, "classifier": classifier}),
        stages.cells,
        cell_backward(model, classifier, processor, stages.cells, seed),
        folder,
    )
    # Trained on, the tower forgets digits on shapes within a few hundred steps, before the language model finds them.
    model.model.visual.requires_grad_(False)
    whole = nn.ModuleDict({"model": model})
    pictures, answers = stages.pictures, stages.answers
    picture_loss = language_backward(
        model, processor, lambda step: picture_rows(seed, step, pictures), pictures.gaze_weight
    )
    yield from _stage("pictures", whole, pictures, picture_loss, folder)
    model.set_attn_implementation({"text_config": "sdpa"})
    answer_loss = language_backward(
        model, processor, lambda step: answer_rows(seed, step, answers.batch_size, answers.level_weights)
    )
    yield from _stage("answers", whole, answers, answer_loss, folder)


def finish(built: Built, folder: Path, out: Path, extra_files: dict[str, str]) -> None:
    """Write the checkpoint and the texts beside it, then let `out` appear."""
    complete = folder / "complete"
    shutil.rmtree(complete, ignore_errors=True)
    save_checkpoint(built.model, built.processor, complete)
    for name, text in extra_files.items():
        (complete / name).write_text(text, encoding="utf-8")
    shutil.copyfile(folder / CONFIG_FILE, complete / "build.json")
    complete.replace(out)
    shutil.rmtree(folder)


def _tokenizer(config: PocketBuildConfig, folder: Path) -> PreTrainedTokenizerFast:
    stored = folder / "tokenizer"
    if not stored.exists():
        partial = folder / "tokenizer.partial"
        shutil.rmtree(partial, ignore_errors=True)
        train_tokenizer(config.vocabulary_size, corpus()).save_pretrained(partial)
        partial.replace(stored)
    return PreTrainedTokenizerFast.from_pretrained(stored)


def _stage(
    name: str, modules: nn.ModuleDict, config: StageConfig, backward: Backward, folder: Path
) -> Iterator[Progress]:
    for report in run_stage(modules, config, backward, folder / f"{name}.safetensors"):
        yield Progress(name, report.step, config.num_steps, report.metrics)
