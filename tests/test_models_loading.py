"""Loading: what cannot be loaded is said in one line; what was not tested runs as the model's own forward."""

import json
import re
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM

from synergy.config.model import LoraConfig, ModelConfig
from synergy.errors import FileError, InputError, MissingExtraError
from synergy.models import families, masks
from synergy.models.loading import load_model
from synergy.models.tree_attention import SEGMENTS
from synergy.models.trees import group_tree, make_batch
from synergy.pocket.world import items
from synergy.prompts import BOXED


@pytest.fixture
def copied(untrained: Path, tmp_path: Path) -> Path:
    return shutil.copytree(untrained, tmp_path / "copied")


def _message(error: type[Exception], folder: Path | str, **config: object) -> str:
    with pytest.raises(error) as caught:
        load_model(ModelConfig.model_validate({"checkpoint": str(folder), **config}))
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 600
    return message


def test_no_folder(tmp_path: Path):
    assert re.search("does not exist; expected a folder", _message(FileError, tmp_path / "none"))
    (tmp_path / "file").write_text("")
    assert "is a file; expected a folder" in _message(FileError, tmp_path / "file")
    (tmp_path / "empty").mkdir()
    assert "has no config.json" in _message(FileError, tmp_path / "empty")


def test_a_hub_id_that_is_not_there():
    assert "'nobody/nothing'" in _message(InputError, "nobody/nothing")


def test_no_weights(copied: Path):
    (copied / "model.safetensors").unlink()
    assert "has no weights; expected model.safetensors" in _message(FileError, copied)
    (copied / "pytorch_model.bin").write_bytes(b"")
    assert "pickled weights only" in _message(FileError, copied)


def test_torn_weights(copied: Path):
    weights = copied / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    assert "cannot read the weights" in _message(FileError, copied)


def test_weights_that_are_not_all_there(copied: Path):
    weights = load_file(copied / "model.safetensors")
    del weights["model.norm.weight"]
    save_file(weights, copied / "model.safetensors", metadata={"format": "pt"})
    message = _message(InputError, copied)
    assert "lacks 1 weights or has them in another shape, the first is model.language_model.norm.weight" in message


def test_no_processor(copied: Path):
    for name in ("processor_config.json", "preprocessor_config.json"):
        (copied / name).unlink(missing_ok=True)
    assert "processor" in _message(InputError, copied)


def test_no_tokenizer(copied: Path):
    for path in copied.glob("tokenizer*"):
        path.unlink()
    assert "has no tokenizer" in _message(FileError, copied)


def test_no_chat_template(copied: Path):
    (copied / "chat_template.jinja").unlink()
    assert "no chat template; expected chat_template.jinja" in _message(InputError, copied)


def test_a_model_of_text_alone(tmp_path: Path):
    config = LlamaConfig(vocab_size=32, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2)
    LlamaForCausalLM(config).save_pretrained(tmp_path / "llama")
    assert "of type 'llama', which takes no images" in _message(InputError, tmp_path / "llama")


def test_a_model_type_that_nobody_knows(copied: Path):
    config = json.loads((copied / "config.json").read_text())
    (copied / "config.json").write_text(json.dumps({**config, "model_type": "unheard_of"}))
    assert "unheard_of" in _message(InputError, copied)


def test_devices_and_kernels(untrained: Path):
    assert "device 'toaster' is none" in _message(InputError, untrained, device="toaster")
    if not torch.cuda.is_available():
        assert "has no GPU" in _message(InputError, untrained, device="cuda:0")
        assert "no backward pass on CPU" in _message(InputError, untrained, attention="flex_attention")


def test_lora_without_peft(untrained: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "peft", None)
    lora = LoraConfig(rank=2, alpha=4.0)
    with pytest.raises(MissingExtraError, match=r'pip install "vlm-synergy\[lora\]"'):
        load_model(ModelConfig(checkpoint=str(untrained), lora=lora))


def test_a_known_family_runs_as_trees(untrained: Path):
    loaded = load_model(ModelConfig(checkpoint=str(untrained)))
    assert loaded.path == "tree"
    assert "agree" in loaded.path_reason
    assert loaded.model.config.get_text_config()._attn_implementation == SEGMENTS
    assert not loaded.policy.training


def test_an_untested_family_runs_its_own_forward(untrained: Path, monkeypatch: pytest.MonkeyPatch):
    known = load_model(ModelConfig(checkpoint=str(untrained), dtype="float64"))
    monkeypatch.delitem(families.FAMILIES, "qwen2_5_vl")
    loaded = load_model(ModelConfig(checkpoint=str(untrained), dtype="float64"))
    assert loaded.path == "plain"
    assert "'qwen2_5_vl' were not tested" in loaded.path_reason
    problem = next(iter(items("train", 1, seed=1))).problem()
    scores = []
    for model in (known, loaded):
        responses = [model.renderer.response(problem.id, text) for text in ("One two.", "Or three, or four?")]
        scores.append(model.policy(make_batch([group_tree(model.renderer.render(problem, BOXED), responses)])).logprobs)
    assert torch.allclose(*scores, atol=1e-9)


def test_trees_that_come_out_wrong_are_not_used(untrained: Path, monkeypatch: pytest.MonkeyPatch):
    original = masks.RowLayout.__init__

    def forgetful(self: masks.RowLayout, *arguments, **options) -> None:
        """Each node sees itself alone."""
        original(self, *arguments, **options)
        self._segments[None] = [masks.Segment(keys=segment.keys[-1:], mask=None) for segment in self.segments(None)]

    monkeypatch.setattr(masks.RowLayout, "__init__", forgetful)
    loaded = load_model(ModelConfig(checkpoint=str(untrained)))
    assert loaded.path == "plain"
    assert loaded.model.config.get_text_config()._attn_implementation == "sdpa"
    assert "trees differ from the model's own forward" in loaded.path_reason
