"""Our tables in the hands of the frameworks' own loaders, where those are installed."""

import json
import os
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from synergy.cli import run
from synergy.pocket.export import export
from synergy.pocket.world import items

NUM = 6


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("peers")
    list(export(items("train", NUM), folder, "train"))
    return folder / "train.parquet"


def _converted(source: Path, name: str, target: str) -> Path:
    out = source.with_name(name)
    assert run(["data", "convert", str(source), str(out), "--to", target, "--trace", "long_trace"]) == 0
    return out


def _loaded(path: Path) -> Any:
    datasets = pytest.importorskip("datasets")
    kind = "parquet" if path.suffix == ".parquet" else "json"
    return datasets.load_dataset(kind, data_files=str(path), split="train", cache_dir=str(path.parent / "cache"))


@pytest.mark.parametrize("target", ["trl_messages", "trl_prompt_completion"])
def test_trls_collator_trains_on_our_rows(target: str, source: Path, weights: Path):
    pytest.importorskip("trl")
    from transformers import AutoProcessor
    from trl.data_utils import is_conversational
    from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

    table = _loaded(_converted(source, f"{target}.parquet", target))
    rows = [table[index] for index in range(NUM)]
    assert all(is_conversational(row) for row in rows)
    processor = AutoProcessor.from_pretrained(weights)
    batch = DataCollatorForVisionLanguageModeling(processor)(rows)
    image_id = processor.tokenizer.convert_tokens_to_ids("<|image_pad|>")
    assert (batch["input_ids"] == image_id).sum() * 4 == batch["pixel_values"].shape[0], "2 × 2 patches a token"
    for row, labels in zip(rows, batch["labels"], strict=True):
        learned = processor.tokenizer.decode(labels[labels != -100])
        assert f"</think> \\boxed{{{row['solution']}}}" in learned


def test_trls_prompts_take_our_pictures(source: Path):
    pytest.importorskip("trl")
    from trl.data_utils import prepare_multimodal_messages

    table = _loaded(_converted(source, "trl_prompt_only.parquet", "trl_prompt_only"))
    for index in range(NUM):
        row = table[index]
        (turn,) = prepare_multimodal_messages(row["prompt"], row["images"])
        assert [part["type"] for part in turn["content"]] == ["image", "text"]
        assert turn["content"][0]["image"].size == row["images"][0].size


def test_verls_data_set_reads_our_rows(source: Path, weights: Path):
    pytest.importorskip("verl", reason="verl is not installed: it needs GPUs' packages")
    theirs, omegaconf = import_module("verl.utils.dataset.rl_dataset"), import_module("omegaconf")
    from transformers import AutoProcessor

    path = _converted(source, "verl.parquet", "verl")
    processor: Any = AutoProcessor.from_pretrained(weights)
    settings = {"max_prompt_length": 512, "filter_overlong_prompts": False, "cache_dir": str(path.parent / "verl")}
    found = theirs.RLHFDataset([str(path)], processor.tokenizer, omegaconf.OmegaConf.create(settings), processor)
    assert len(found) == NUM
    row = found[0]
    assert [part["type"] for part in row["raw_prompt"][0]["content"]] == ["image", "text"]
    assert row["reward_model"]["ground_truth"] == row["extra_info"]["answer"]


@pytest.mark.parametrize("target", ["llamafactory_sharegpt", "llamafactory_alpaca"])
def test_llamafactorys_converter_reads_our_rows(target: str, source: Path):
    pytest.importorskip("llamafactory", reason="LLaMA-Factory is not installed: it needs an older transformers")
    converter, parser = import_module("llamafactory.data.converter"), import_module("llamafactory.data.parser")
    path = _converted(source, f"{target}.json", target)
    (attributes,) = parser.get_dataset_list([target], str(path.parent))
    folder = SimpleNamespace(media_dir=str(path.parent))
    convert = converter.get_dataset_converter(attributes.formatting, attributes, folder)
    for row in json.loads(path.read_text(encoding="utf-8")):
        found = convert(row)
        assert found["_prompt"][0]["content"].count("<image>") == len(found["_images"]) == 1
        assert all(os.path.isfile(image) for image in found["_images"])
        assert found["_response"][0]["content"].startswith("<think> ")


def test_ms_swifts_preprocessor_reads_our_rows(source: Path):
    pytest.importorskip("swift", reason="ms-swift is not installed: it brings modelscope")
    theirs = import_module("swift.dataset.preprocessor.core")
    table = _loaded(_converted(source, "swift.jsonl", "ms_swift"))
    found = theirs.AutoPreprocessor()(table, strict=True)
    assert len(found) == NUM
    assert found[0]["messages"][0]["content"].startswith("<image>")
    assert found[0]["images"][0]["path"]
    assert found[0]["solution"]
