"""Merging folders: what is written, in shards and not, and what is refused."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from merging_cases import all_tensors, perturbed, same_bits, write_checkpoint
from safetensors.torch import save_file
from torch import Tensor
from transformers import AutoModelForImageTextToText, AutoProcessor

from synergy.config.merge import (
    DareMerge,
    KeepConfig,
    LinearMerge,
    MergeConfig,
    MergeMethod,
    SlerpMerge,
    SparseModel,
    TaskArithmeticMerge,
    TiesMerge,
    WeightedModel,
)
from synergy.config.model import ModelConfig
from synergy.errors import FileError, InputError, SynergyError
from synergy.models.loading import load_model
from synergy.models.merging.compare import compare_checkpoints
from synergy.models.merging.merge import merge_checkpoints
from synergy.models.merging.source import Source


@pytest.fixture(scope="module")
def noisy(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Two models that were trained from the pocket model, as far as merging can tell."""
    folder = tmp_path_factory.mktemp("noisy")
    return perturbed(weights, folder / "rl", 1), perturbed(weights, folder / "sft", 2)


def linear(models: Sequence[str], weights: Sequence[float], **changes: Any) -> MergeConfig:
    pairs = tuple(WeightedModel(model=each, weight=weight) for each, weight in zip(models, weights, strict=True))
    return MergeConfig(merge=LinearMerge(method="linear", models=pairs), **changes)


def sections(base: str, models: Sequence[str]) -> dict[str, MergeMethod]:
    """Every method with settings that matter."""
    weighted = tuple(WeightedModel(model=each, weight=0.6) for each in models)
    sparse = tuple(SparseModel(model=each, weight=0.6, density=0.5) for each in models)
    return {
        "linear": LinearMerge(method="linear", models=weighted, normalize=False),
        "slerp": SlerpMerge(method="slerp", base_model=models[0], other_model=models[1], t=0.3),
        "task_arithmetic": TaskArithmeticMerge(method="task_arithmetic", base_model=base, models=weighted),
        "ties": TiesMerge(method="ties", base_model=base, models=sparse),
        "dare_linear": DareMerge(method="dare_linear", base_model=base, models=sparse),
        "dare_ties": DareMerge(method="dare_ties", base_model=base, models=sparse, seed=3),
    }


METHODS = tuple(sections("base", ("left", "right")))


@pytest.mark.parametrize(("weights_of", "index"), [((1.0, 0.0), 0), ((0.0, 0.3), 1)])
def test_a_ratio_of_0_or_1_is_the_input_bit_for_bit(
    noisy: tuple[str, str], weights_of: tuple[float, float], index: int, tmp_path: Path
) -> None:
    merge_checkpoints(linear(noisy, weights_of), tmp_path / "out")
    assert same_bits(all_tensors(tmp_path / "out"), all_tensors(noisy[index]))
    section = SlerpMerge(method="slerp", base_model=noisy[0], other_model=noisy[1], t=float(index))
    merge_checkpoints(MergeConfig(merge=section), tmp_path / "arc")
    assert same_bits(all_tensors(tmp_path / "arc"), all_tensors(noisy[index]))


def test_linear_is_the_mean_of_every_tensor(noisy: tuple[str, str], tmp_path: Path) -> None:
    merged = merge_checkpoints(linear(noisy, (3, 1)), tmp_path / "out")
    left, right, found = (all_tensors(each) for each in (*noisy, tmp_path / "out"))
    assert (merged.num_merged, merged.num_kept) == (len(found), 0)
    for name, tensor in found.items():
        assert torch.allclose(tensor, 0.75 * left[name] + 0.25 * right[name], rtol=0, atol=1e-7)


def test_the_result_loads_and_is_a_model_of_our_tools(weights: Path, noisy: tuple[str, str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    config = linear(noisy, (0.75, 0.25), files_from="pocket", max_shard_bytes=1_000_000, dtype="bfloat16")
    merge_checkpoints(config, out)
    assert {path.name for path in out.iterdir() if "safetensors" not in path.name} == {
        *("chat_template.jinja", "config.json", "generation_config.json", "merge.json"),
        *("processor_config.json", "tokenizer.json", "tokenizer_config.json"),
    }
    model, info = AutoModelForImageTextToText.from_pretrained(out, output_loading_info=True)
    assert model.dtype == torch.bfloat16
    assert not any(info.values())
    AutoProcessor.from_pretrained(out)
    loaded = load_model(ModelConfig(checkpoint=str(out), device="cpu"))
    assert loaded.path == load_model(ModelConfig(checkpoint=str(weights), device="cpu")).path


@pytest.fixture(scope="module")
def pieces(noisy: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The same two models in many files."""
    folder = tmp_path_factory.mktemp("pieces")
    for source, name in zip(noisy, ("rl", "sft"), strict=True):
        copy = SlerpMerge(method="slerp", base_model=source, other_model=source, t=0.0)
        merge_checkpoints(MergeConfig(merge=copy, max_shard_bytes=700_000), folder / name)
        assert len(list((folder / name).glob("*.safetensors"))) > 5
        assert same_bits(all_tensors(folder / name), all_tensors(source))
    return str(folder / "rl"), str(folder / "sft")


@pytest.mark.parametrize("method", METHODS)
def test_shards_in_and_out_change_nothing(
    method: str, weights: Path, noisy: tuple[str, str], pieces: tuple[str, str], tmp_path: Path
) -> None:
    whole, sharded = tmp_path / "whole", tmp_path / "sharded"
    merge_checkpoints(MergeConfig(merge=sections("pocket", noisy)[method]), whole)
    merge_checkpoints(MergeConfig(merge=sections(str(weights), pieces)[method], max_shard_bytes=300_000), sharded)
    assert same_bits(all_tensors(whole), all_tensors(sharded))
    tensors = all_tensors(whole)
    index = json.loads((sharded / "model.safetensors.index.json").read_text())
    assert index["weight_map"].keys() == tensors.keys()
    assert index["metadata"]["total_size"] == sum(each.nbytes for each in tensors.values())
    for file in set(index["weight_map"].values()):
        held = [tensors[name].nbytes for name, place in index["weight_map"].items() if place == file]
        assert sum(held) <= 300_000 or len(held) == 1


def test_bfloat16_is_computed_in_float32_and_rounded_once(tmp_path: Path) -> None:
    tensors = [{"w": torch.randn(500, generator=torch.Generator().manual_seed(seed)).bfloat16()} for seed in (0, 1)]
    models = [write_checkpoint(tmp_path / str(index), each, dtype="bfloat16") for index, each in enumerate(tensors)]
    merge_checkpoints(linear(models, (0.25, 0.75)), tmp_path / "out")
    exact = tensors[0]["w"].float() * 0.25 + tensors[1]["w"].float() * 0.75
    assert torch.equal(all_tensors(tmp_path / "out")["w"], exact.bfloat16())
    assert not torch.equal(exact.bfloat16(), tensors[0]["w"] * 0.25 + tensors[1]["w"] * 0.75)
    merge_checkpoints(linear(models, (0.25, 0.75), dtype="float32"), tmp_path / "wide")
    assert torch.equal(all_tensors(tmp_path / "wide")["w"], exact)
    assert json.loads((tmp_path / "wide" / "config.json").read_text())["dtype"] == "float32"


@pytest.mark.parametrize("method", METHODS)
def test_what_is_equal_everywhere_stays_as_it_is(method: str, tmp_path: Path) -> None:
    frozen = torch.randn(1000)
    names = [write_checkpoint(tmp_path / str(i), {"frozen": frozen, "w": torch.full((2,), float(i))}) for i in range(3)]
    section = sections(names[0], names[1:])[method]
    if isinstance(section, LinearMerge):
        section = section.model_copy(update={"normalize": True})
    merge_checkpoints(MergeConfig(merge=section), tmp_path / "out")
    assert torch.equal(all_tensors(tmp_path / "out")["frozen"], frozen)


def test_memory_holds_one_tensor_of_each_input(
    noisy: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive: weakref.WeakSet[Tensor] = weakref.WeakSet()
    counts: list[int] = []
    read = Source.read

    def watched(source: Source, name: str) -> Tensor:
        tensor = read(source, name)
        alive.add(tensor)
        counts.append(len(alive))
        return tensor

    monkeypatch.setattr(Source, "read", watched)
    merge_checkpoints(MergeConfig(merge=sections("pocket", noisy)["ties"]), tmp_path / "out")
    assert len(counts) == 3 * 116
    assert max(counts) == 3


def test_kept_tensors_come_from_their_model(noisy: tuple[str, str], tmp_path: Path) -> None:
    for number, prefix in enumerate(("visual.", "model.visual.")):
        rule = KeepConfig(prefix=prefix, source="pocket")
        again = KeepConfig(regex=r"layers\.[0-2]\.", source=noisy[1])
        out = tmp_path / str(number)
        merged = merge_checkpoints(linear(noisy, (0.5, 0.5), keep=(rule, again)), out)
        found, left, right = (all_tensors(each) for each in (out, *noisy))
        pocket = all_tensors(Source("pocket").folder)
        for name, tensor in found.items():
            if name.startswith("visual."):
                assert torch.equal(tensor, pocket[name])
            elif any(f"layers.{index}." in name for index in range(3)):
                assert torch.equal(tensor, right[name])
            else:
                assert torch.allclose(tensor, (left[name] + right[name]) / 2, atol=1e-7)
        num_kept = sum(name.startswith("visual.") or ".layers." in name for name in found) - 12 * 3
        assert (merged.num_kept, merged.num_merged) == (num_kept, len(found) - num_kept)


def test_one_architecture_in_two_spellings(tmp_path: Path) -> None:
    weight = {"old": torch.zeros(2, 2), "new": torch.ones(2, 2)}
    old = {"visual.w": weight["old"], "model.layers.0.w": weight["old"], "lm_head.weight": weight["old"]}
    new = {
        "model.visual.w": weight["new"],
        "model.language_model.layers.0.w": weight["new"],
        "lm_head.weight": weight["new"],
    }
    models = [write_checkpoint(tmp_path / "old", old), write_checkpoint(tmp_path / "new", new)]
    merge_checkpoints(linear(models, (0.5, 0.5)), tmp_path / "out")
    found = all_tensors(tmp_path / "out")
    assert found.keys() == old.keys()
    assert all(torch.equal(each, torch.full((2, 2), 0.5)) for each in found.values())


def test_a_tied_head_is_left_out(tmp_path: Path) -> None:
    embedding = torch.randn(4, 2)
    with_head = {"model.embed_tokens.weight": embedding, "lm_head.weight": embedding.clone()}
    tied = {"tie_word_embeddings": True}
    models = [
        write_checkpoint(tmp_path / "a", with_head, **tied),
        write_checkpoint(tmp_path / "b", {"model.embed_tokens.weight": embedding + 1}, text_config=tied),
    ]
    merge_checkpoints(linear(models, (0.5, 0.5)), tmp_path / "out")
    assert all_tensors(tmp_path / "out").keys() == {"model.embed_tokens.weight"}
    other = write_checkpoint(tmp_path / "c", {**with_head, "lm_head.weight": embedding + 1}, **tied)
    with pytest.raises(InputError, match="says tie_word_embeddings and stores an output layer that differs"):
        merge_checkpoints(linear([models[0], other], (0.5, 0.5)), tmp_path / "none")


def test_integers_are_copied_where_equal(tmp_path: Path) -> None:
    models = [
        write_checkpoint(tmp_path / str(i), {"w": torch.full((2,), float(i)), "ids": torch.arange(3)}) for i in (0, 1)
    ]
    merge_checkpoints(linear(models, (0.5, 0.5), dtype="float16"), tmp_path / "out")
    found = all_tensors(tmp_path / "out")
    assert (found["w"].dtype, found["ids"].dtype) == (torch.float16, torch.int64)
    other = write_checkpoint(tmp_path / "2", {"w": torch.zeros(2), "ids": torch.ones(3, dtype=torch.int64)})
    with pytest.raises(InputError, match="tensor ids holds integers that differ"):
        merge_checkpoints(linear([models[0], other], (0.5, 0.5)), tmp_path / "none")


def test_the_record_says_what_it_was_made_of(noisy: tuple[str, str], tmp_path: Path) -> None:
    config = linear(noisy, (0.75, 0.25))
    merge_checkpoints(config, tmp_path / "out")
    record = json.loads((tmp_path / "out" / "merge.json").read_text())
    assert MergeConfig.model_validate_json(json.dumps(record["config"])) == config
    assert {name: len(files["model.safetensors"]) for name, files in record["inputs"].items()} == dict.fromkeys(
        noisy, 64
    )
    assert record["versions"]["torch"] == torch.__version__


def test_the_same_merge_again_does_nothing_and_another_is_refused(tmp_path: Path) -> None:
    models = [write_checkpoint(tmp_path / str(i), {"w": torch.full((2,), float(i))}) for i in (0, 1)]
    out = tmp_path / "out"
    assert not merge_checkpoints(linear(models, (0.5, 0.5)), out).was_there
    made = (out / "model.safetensors").stat()
    assert merge_checkpoints(linear(models, (0.5, 0.5)), out).was_there
    assert (out / "model.safetensors").stat() == made
    with pytest.raises(InputError, match="holds another merge; expected a new folder"):
        merge_checkpoints(linear(models, (0.4, 0.6)), out)
    save_file({"w": torch.ones(2) * 9}, Path(models[0]) / "model.safetensors")
    with pytest.raises(InputError, match="holds another merge"):
        merge_checkpoints(linear(models, (0.5, 0.5)), out)
    with pytest.raises(InputError, match="exists; expected a new folder"):
        merge_checkpoints(linear(models, (0.5, 0.5)), Path(models[0]))
    (tmp_path / "new.building").mkdir()
    (tmp_path / "new.building" / "thesis.tex").write_text("")
    with pytest.raises(InputError, match=r"exists and is not a merge's"):
        merge_checkpoints(linear(models, (0.5, 0.5)), tmp_path / "new")
    assert (tmp_path / "new.building" / "thesis.tex").exists()


def test_a_killed_merge_goes_on(noisy: tuple[str, str], tmp_path: Path) -> None:
    out, expected = tmp_path / "out", tmp_path / "expected"
    config = MergeConfig(merge=sections("pocket", noisy)["dare_ties"], max_shard_bytes=500_000)
    code = f"""
        import os, signal
        from pathlib import Path
        from synergy.config.merge import MergeConfig
        from synergy.models.merging.merge import merge_checkpoints

        def kill(stage, num_done, num):
            if stage == "merging" and num_done == 70:
                os.kill(os.getpid(), signal.SIGKILL)

        merge_checkpoints(MergeConfig.model_validate_json({config.model_dump_json()!r}), Path({str(out)!r}), kill)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False, env={**os.environ})
    assert killed.returncode == -signal.SIGKILL
    assert not out.exists()
    left = {path.name: path.stat().st_ino for path in (tmp_path / "out.building").glob("model-*.safetensors")}
    assert left
    seen: list[int] = []
    merge_checkpoints(config, out, lambda stage, num_done, num: seen.append(num_done) if stage == "merging" else None)
    assert seen[-1] == 116
    assert {name: (out / name).stat().st_ino for name in left} == left
    merge_checkpoints(config, expected)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == {
        path.name: path.read_bytes() for path in expected.iterdir()
    }
    assert not (tmp_path / "out.building").exists()


def test_what_another_merge_left_is_not_used(tmp_path: Path) -> None:
    models = [write_checkpoint(tmp_path / str(i), {"w": torch.full((2,), float(i))}) for i in (0, 1)]

    def fail(stage: str, num_done: int, num: int) -> None:
        if stage == "merging":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        merge_checkpoints(linear(models, (0.5, 0.5)), tmp_path / "out", fail)
    (tmp_path / "out.building" / "model.safetensors").write_bytes(b"of the merge before")
    merge_checkpoints(linear(models, (0.25, 0.75)), tmp_path / "out")
    assert all_tensors(tmp_path / "out")["w"].tolist() == [0.75, 0.75]


def refusal(config: MergeConfig, tmp_path: Path, error: type[SynergyError] = InputError) -> str:
    with pytest.raises(error) as caught:
        merge_checkpoints(config, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()
    return str(caught.value)


def test_models_that_do_not_fit(tmp_path: Path) -> None:
    w = torch.zeros(2, 2)
    first = write_checkpoint(tmp_path / "first", {"w": w, "v": w})

    def refused(name: str, tensors: dict[str, Tensor], **config: Any) -> str:
        return refusal(linear([first, write_checkpoint(tmp_path / name, tensors, **config)], (0.5, 0.5)), tmp_path)

    assert "1 tensors of" in (message := refused("fewer", {"w": w}))
    assert "the first is v; expected models trained from one base" in message
    assert "the first is x;" in refused("more", {"w": w, "v": w, "x": w})
    assert "w has shape [2, 2] and [3, 2]" in refused("larger", {"w": torch.zeros(3, 2), "v": w})
    assert "model_type is tiny and other" in refused("other", {"w": w, "v": w}, model_type="other")
    assert "token 1 is 'b' and 'c'" in refused("tokens", {"w": w, "v": w}, vocabulary={"a": 0, "c": 1})
    assert "is quantised" in refused("quantised", {"w": w, "v": w}, quantization_config={"bits": 4})
    assert "of type F8_E4M3" in refused("fp8", {"w": w, "v": w.to(torch.float8_e4m3fn)})
    lora = {"w": w, "v": w, "w.lora_A.weight": w}
    assert "holds adapters, the first is w.lora_A.weight" in refused("adapters", lora)
    assert "holds model.visual.w twice" in refused("twice", {"visual.w": w, "model.visual.w": w})
    assert "expected finite weights" in refused("infinite", {"w": w + torch.inf, "v": w})
    other = write_checkpoint(tmp_path / "fine", {"w": w, "v": w}, num_hidden_layers=4)
    assert "no tensor's name begins with 'visual.'; expected one such as v, w" in refusal(
        linear([first, other], (0.5, 0.5), keep=(KeepConfig(prefix="visual.", source=first),)), tmp_path
    )
    assert "has 4 layers, the slice has 6" in refusal(linear([other, first], (1, 1), num_layers=6), tmp_path)


def test_what_is_no_checkpoint(tmp_path: Path) -> None:
    good = write_checkpoint(tmp_path / "good", {"w": torch.zeros(2)})

    def refused(name: str, error: type[SynergyError]) -> str:
        return refusal(linear([good, name], (0.5, 0.5)), tmp_path, error)

    assert "does not exist" in refused(str(tmp_path / "none"), FileError)
    assert "cannot be had from the hub" in refused("nobody/nothing", InputError)
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text("{}")
    assert "is an adapter (adapter_config.json); expected whole weights: merge it" in refused(str(adapter), InputError)
    torn = Path(write_checkpoint(tmp_path / "torn", {"w": torch.zeros(2)}))
    (torn / "model.safetensors").write_bytes((torn / "model.safetensors").read_bytes()[:-3])
    assert "expected a whole safetensors file" in refused(str(torn), FileError)
    (torn / "model.safetensors").unlink()
    (torn / "pytorch_model.bin").write_bytes(b"")
    assert "pickled weights only" in refused(str(torn), FileError)
    (torn / "model.safetensors.index.json").write_text('{"weight_map": {"w": "../good/model.safetensors"}}')
    assert "names ../good/model.safetensors, which is not there" in refused(str(torn), FileError)


def test_comparing(tmp_path: Path) -> None:
    left = write_checkpoint(
        tmp_path / "left",
        {"w": torch.tensor([3.0, 4.0]), "v": torch.ones(2), "gone": torch.ones(1), "s": torch.ones(1)},
    )
    right = write_checkpoint(
        tmp_path / "right", {"w": torch.tensor([3.0, 4.5]).bfloat16(), "v": torch.ones(2), "s": torch.ones(2)}
    )
    found = compare_checkpoints(left, right)
    assert (found.only_left, found.only_right, found.other_shape) == (("gone",), (), ("s",))
    by_name = {each.name: each for each in found.tensors}
    assert by_name.keys() == {"w", "v"}
    assert (by_name["w"].max_abs, by_name["w"].relative, by_name["w"].num_different) == (0.5, 0.1, 1)
    assert (by_name["v"].max_abs, by_name["v"].relative) == (0, 0)
    assert (found.max_abs, found.num_different, found.num, found.is_equal) == (0.5, 1, 4, False)
    assert found.relative == pytest.approx(0.5 / 27**0.5)
    assert compare_checkpoints(left, left).is_equal
