"""Putting singular vectors back: by hand, slots and layers, a checkpoint of a few numbers, the recipe."""

from pathlib import Path
from typing import Any

import pytest
import torch
from merging_cases import all_tensors, same_bits, write_checkpoint
from torch import Tensor

from synergy.config.load import build
from synergy.config.merge import MergeConfig, RestoreMerge
from synergy.config.resolve import resolved
from synergy.config.study import StudyConfig
from synergy.errors import InputError
from synergy.models.merging.merge import merge_checkpoints
from synergy.models.merging.restore import restore, restored_slots, restored_tensor
from synergy.recipes.step import Step
from synergy.studies.graph import make_graph
from synergy.studies.load import load_study

RESTORATION = Path(__file__).parents[1] / "studies" / "restoration.yaml"
NAME = "model.language_model.layers.3.mlp.up_proj.weight"


def section(**values: Any) -> RestoreMerge:
    return RestoreMerge.model_validate(
        {"method": "restore", "base_model": "a", "other_model": "b", "share": 1.0, **values}
    )


def close(one: Tensor, other: Tensor) -> bool:
    return torch.allclose(one, other, atol=1e-5)


def test_directions_go_back_and_values_stay_or_go_back_too():
    base = torch.tensor([[4.0, 0.0], [0.0, 1.0]])  # 4 e1 e1ᵀ + 1 e2 e2ᵀ
    tuned = torch.tensor([[0.0, 5.0], [2.0, 0.0]])  # 5 e1 e2ᵀ + 2 e2 e1ᵀ
    top = torch.tensor([0])
    assert close(restore(base, tuned, top, values="kept"), torch.tensor([[5.0, 0.0], [2.0, 0.0]]))
    assert close(restore(base, tuned, top, values="restored"), torch.tensor([[4.0, 0.0], [2.0, 0.0]]))
    second = torch.tensor([1])
    assert close(restore(base, tuned, second, values="kept"), torch.tensor([[0.0, 5.0], [0.0, 2.0]]))
    both = torch.tensor([0, 1])
    assert close(restore(base, tuned, both, values="kept"), torch.tensor([[5.0, 0.0], [0.0, 2.0]]))


@pytest.mark.parametrize("shape", [(5, 8), (8, 5), (6, 6)])
def test_all_slots_with_their_values_give_the_base_and_none_the_tuned(shape: tuple[int, int]):
    base, tuned = torch.randn(shape), torch.randn(shape)
    assert close(restore(base, tuned, torch.arange(min(shape)), values="restored"), base)
    assert restore(base, tuned, torch.arange(0), values="restored") is tuned
    turned = restore(base, tuned, torch.arange(min(shape)), values="kept")
    assert close(torch.linalg.svdvals(turned), torch.linalg.svdvals(tuned))


def test_the_control_draws_as_many_slots_the_same_ones_each_time():
    assert restored_slots(8, 0.25, "top", (0, NAME)).tolist() == [0, 1]
    drawn = restored_slots(100, 0.2, "random", (0, NAME))
    assert len(set(drawn.tolist())) == 20
    assert drawn.tolist() == sorted(drawn.tolist()) == restored_slots(100, 0.2, "random", (0, NAME)).tolist()
    assert drawn.tolist() != restored_slots(100, 0.2, "random", (1, NAME)).tolist()
    assert drawn.tolist() != restored_slots(100, 0.2, "random", (0, NAME.replace("3", "4"))).tolist()


def test_layers_and_embeddings_say_what_is_restored():
    base, tuned = torch.randn(4, 4), torch.randn(4, 4)
    values = {"values": "restored"}
    assert close(restored_tensor(NAME, base, tuned, section(**values, layers=(3, 4))), base)
    assert restored_tensor(NAME, base, tuned, section(**values, layers=(0, 3))) is tuned
    outside = "model.visual.blocks.3.attn.qkv.weight"
    assert restored_tensor(outside, base, tuned, section(**values, layers=(0, 9))) is tuned
    assert close(restored_tensor(outside, base, tuned, section(**values)), base)
    embedding = "model.language_model.embed_tokens.weight"
    assert restored_tensor(embedding, base, tuned, section(**values)) is tuned
    assert restored_tensor(embedding, base, tuned, section(**values, embeddings="taken", layers=(0, 1))) is base
    assert close(restored_tensor(embedding, base, tuned, section(**values, embeddings="restored")), base)
    norm = torch.randn(4)
    assert restored_tensor("model.language_model.layers.3.norm.weight", base[0], norm, section()) is norm


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"other_model": "a"}, "are both 'a'; expected two checkpoints"),
        ({"layers": [4, 4]}, "expected a first below the end"),
        ({"share": 1.5}, "share"),
    ],
)
def test_what_cannot_be_restored_is_refused(values: dict[str, Any], words: str):
    given = {"method": "restore", "base_model": "a", "other_model": "b", "share": 0.2, **values}
    with pytest.raises(InputError, match=words):
        build(MergeConfig, {"merge": given}, label="test")


def test_a_checkpoint_is_restored_tensor_by_tensor(tmp_path: Path):
    names = {NAME: (6, 4), "model.language_model.norm.weight": (4,), "model.visual.blocks.0.mlp.weight": (3, 3)}
    before = {name: torch.randn(shape) for name, shape in names.items()}
    after = {name: torch.randn(shape) for name, shape in names.items()}
    after["model.visual.blocks.0.mlp.weight"] = before["model.visual.blocks.0.mlp.weight"].clone()
    base, tuned = write_checkpoint(tmp_path / "base", before), write_checkpoint(tmp_path / "tuned", after)
    values = {"method": "restore", "base_model": base, "other_model": tuned, "share": 0.5}
    config = build(MergeConfig, {"merge": values}, label="test")
    merged = merge_checkpoints(config, tmp_path / "out")
    found = all_tensors(merged.folder)
    assert same_bits(
        {"norm": found["model.language_model.norm.weight"]}, {"norm": after["model.language_model.norm.weight"]}
    )
    assert close(found[NAME], restore(before[NAME], after[NAME], torch.arange(2), values="kept"))
    nothing = build(MergeConfig, {"merge": {**values, "share": 0.0}}, label="test")
    assert same_bits(all_tensors(merge_checkpoints(nothing, tmp_path / "same").folder), after)


def steps_of(study: StudyConfig, arm: str) -> dict[str, Step]:
    graph = make_graph(study)
    by_key = {step.key: step for step in graph.steps}
    (run,) = (run for run in graph.runs if run.arm == arm)
    return {stage: by_key[key] for stage, key in run.stages.items()}


def test_a_restored_arm_starts_from_what_is_trained_and_from_the_base():
    study = load_study(RESTORATION, [])
    steps = steps_of(study, "top_20")
    assert list(steps) == ["sft", "restore"]
    assert steps["sft"].key == steps_of(study, "sft")["sft"].key
    merge = resolved(steps["restore"].config)["merge"]
    assert (merge["base_model"], merge["other_model"], merge["share"]) == ("step:source", "step:tuned", 0.2)
    assert steps["restore"].inputs["tuned"].key == steps["sft"].key
    assert steps["restore"].inputs["source"].stage == "base"
    early = steps_of(study, "top_20_early")
    assert early["restore"].inputs["source"].key == early["sft_early"].key == steps_of(study, "sft_early")["sft"].key
    healed = steps_of(study, "two_stage_top_20")
    assert healed["restore"].inputs["tuned"].key == steps_of(study, "two_stage")["two_stage_rl"].key


def test_without_a_stage_base_the_given_model_is_put_back():
    study = load_study(RESTORATION, [])
    stages = {name: values for name, values in study.stages.items() if name != "base"}
    step = steps_of(study.model_copy(update={"stages": stages}), "top_20")["restore"]
    assert resolved(step.config)["merge"]["base_model"] == "pocket"
    assert set(step.inputs) == {"tuned"}


def test_stages_that_are_no_names_are_refused():
    with pytest.raises(InputError, match="arm top_20: option of is 'sft'; expected stages of training"):
        make_graph(load_study(RESTORATION, ["arms.top_20.options={of: sft}"]))
