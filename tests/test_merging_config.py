"""Merge documents: ours, and the common part of mergekit's."""

import textwrap
from pathlib import Path

import pytest

from synergy.config.kinds import load_any
from synergy.config.merge import (
    DareMerge,
    LinearMerge,
    MergeConfig,
    RestoreMerge,
    SlerpMerge,
    SparseModel,
    TaskArithmeticMerge,
    TiesMerge,
    WeightedModel,
)
from synergy.config.merge_mergekit import load_merge
from synergy.errors import InputError

TWO = "models: [{model: rl, parameters: {weight: 0.75}}, {model: sft, parameters: {weight: 0.25}}]\n"
MODELS = (WeightedModel(model="rl", weight=0.75), WeightedModel(model="sft", weight=0.25))


def read(tmp_path: Path, text: str, *overrides: str) -> MergeConfig:
    path = tmp_path / "merge.yaml"
    path.write_text(textwrap.dedent(text))
    return load_merge(path, overrides)


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value)
    assert "merge.yaml" in str(caught.value)
    return str(caught.value)


def test_ours(tmp_path: Path) -> None:
    text = """
        kind: merge
        merge: {method: ties, base_model: b, models: [{model: rl, weight: 1, density: 0.2}]}
        keep: [{prefix: visual., source: b}]
    """
    config = read(tmp_path, text, "merge.scale=0.5", "dtype=bfloat16")
    assert isinstance(config.merge, TiesMerge)
    assert config.merge.scale == 0.5
    assert config.merge.normalize
    assert config.dtype == "bfloat16"
    assert load_any(tmp_path / "merge.yaml") == read(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("merge: {method: lienar, models: []}", "'merge.method' is 'lienar' (did you mean 'linear'?)"),
        ("merge: {method: linear, models: [{model: a, weight: 1}]}", "merge.models"),
        ("merge: {method: linear, models: [{model: a, weight: 1}, {model: b, weight: -1}]}", "add up to 0"),
        ("merge: {method: slerp, base_model: a, other_model: b, t: 1.5}", "'merge.t' is 1.5"),
        ("merge: {method: slerp, base_model: a, other_model: b}", "missing key 'merge.t'"),
        ("merge: {method: ties, base_model: a, models: [{model: a, weight: 1}]}", "'a' is among the models too"),
        ("merge: {method: ties, base_model: a, models: [{model: b, weight: 1, density: 2}]}", "density' is 2"),
        ("merge: {method: task_arithmetic, models: [{model: b, weight: 1}]}", "missing key 'merge.base_model'"),
        ("merge: {method: slerp, base_model: a, other_model: b, t: 0}\nkeep: [{source: a}]", "either prefix or regex"),
        ("merge: {method: slerp, base_model: a, other_model: b, t: 0}\nkeep: [{source: a, regex: '('}]", "'('"),
    ],
)
def test_ours_refused(tmp_path: Path, text: str, words: str) -> None:
    assert words in refusal(tmp_path, text)


def test_mergekit_linear(tmp_path: Path) -> None:
    config = read(tmp_path, TWO + "merge_method: linear\ndtype: bfloat16")
    assert config == MergeConfig(merge=LinearMerge(method="linear", models=MODELS), dtype="bfloat16")
    changed = read(tmp_path, TWO + "merge_method: linear\nparameters: {normalize: false}", "merge.models.0.weight=0.5")
    assert changed.merge == LinearMerge(
        method="linear", models=(WeightedModel(model="rl", weight=0.5), MODELS[1]), normalize=False
    )


def test_mergekit_slerp_in_both_of_its_forms(tmp_path: Path) -> None:
    expected = SlerpMerge(method="slerp", base_model="rl", other_model="sft", t=0.25)
    tail = "merge_method: slerp\nbase_model: rl\nparameters: {t: 0.25}\n"
    assert read(tmp_path, "models: [{model: sft}, {model: rl}]\n" + tail).merge == expected
    assert read(tmp_path, "models: [{model: sft}]\n" + tail).merge == expected
    slices = "slices: [{sources: [{model: rl, layer_range: [0, 6]}, {model: sft, layer_range: [0, 6]}]}]\n"
    config = read(tmp_path, slices + tail)
    assert config.merge == expected
    assert (config.num_layers, config.files_from) == (6, "rl")


def test_mergekit_task_vectors(tmp_path: Path) -> None:
    task = read(tmp_path, TWO + "merge_method: task_arithmetic\nbase_model: b\nparameters: {lambda: 0.5}")
    assert task.merge == TaskArithmeticMerge(method="task_arithmetic", base_model="b", models=MODELS, scale=0.5)
    text = """
        models:
          - model: b
          - {model: rl, parameters: {weight: 0.75, density: 0.3}}
          - {model: sft, parameters: {weight: 0.25}}
        merge_method: ties
        base_model: b
        parameters: {density: 0.6, normalize: false, int8_mask: true}
        dtype: float32
        out_dtype: bfloat16
        tokenizer_source: base
    """
    ties = read(tmp_path, text)
    models = (SparseModel(model="rl", weight=0.75, density=0.3), SparseModel(model="sft", weight=0.25, density=0.6))
    assert ties.merge == TiesMerge(method="ties", base_model="b", models=models, normalize=False)
    assert ties.dtype == "bfloat16"


def test_mergekit_defaults_differ_by_method(tmp_path: Path) -> None:
    for method, normalize in (("task_arithmetic", False), ("ties", True), ("dare_linear", False), ("dare_ties", False)):
        section = read(tmp_path, TWO + f"merge_method: {method}\nbase_model: b").merge
        assert not isinstance(section, SlerpMerge | RestoreMerge)
        assert section.normalize == normalize
    for given, rescale in (("", "l1_norm"), ("\nparameters: {rescale: false}", "none")):
        section = read(tmp_path, TWO + f"merge_method: dare_ties\nbase_model: b{given}").merge
        assert isinstance(section, DareMerge)
        assert section.rescale == rescale


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TWO + "merge_method: linaer", "unknown merge_method 'linaer' (did you mean 'linear'?)"),
        (TWO + "merge_method: della\nbase_model: b", "unknown merge_method 'della'"),
        (TWO + "merge_method: linear\nmodules: {}", "'modules' of mergekit's format is not read here"),
        (TWO + "merge_method: linear\ntokenizer_source: union", "tokenizer_source is 'union'; expected base"),
        (TWO + "merge_method: linear\nbase_model: b", "base_model 'b' has no weight"),
        (TWO + "merge_method: ties", "missing key 'base_model', which ties needs"),
        (TWO + "merge_method: ties\nbase_model: b\nparameters: {rescale: true}", "'rescale' with ties is not built"),
        (TWO + "merge_method: linear\nparameters: {lamda: 1}", "unknown parameter of linear 'lamda'"),
        ("models: [{model: a}]\nmerge_method: linear", "missing key 'merge.models.0.weight'"),
        ("models: [{model: a+lora}]\nmerge_method: linear", "no adapter (a+b)"),
        ("models: [{model: a, weight: 1}]\nmerge_method: linear", "expected a mapping of model, parameters"),
        ("models: 3\nmerge_method: linear", "'models' is 3; expected a list"),
        ("merge_method: linear", "expected either 'models' or 'slices'"),
        (
            "models: [{model: a}, {model: b}]\nmerge_method: slerp\nbase_model: a\nparameters: {t: [0, 0.5, 1]}",
            "parameter 't' is [0, 0.5, 1], which changes by layer or filter",
        ),
        (
            "models: [{model: a}, {model: b}]\nmerge_method: slerp\nbase_model: c\nparameters: {t: 0.5}",
            "slerp of a, b with base_model 'c'; expected the base and one other",
        ),
        (
            "slices: [{sources: [{model: a, layer_range: [0, 3]}]}, {sources: [{model: b, layer_range: [3, 6]}]}]\n"
            "merge_method: linear",
            "expected one slice of sources and parameters",
        ),
        (
            "slices: [{sources: [{model: a, layer_range: [1, 6]}, {model: b, layer_range: [0, 5]}]}]\n"
            "merge_method: slerp\nbase_model: a\nparameters: {t: 0.5}",
            "layer_range is [1, 6] and [0, 5]; expected [0, number of layers]",
        ),
    ],
)
def test_mergekit_refused(tmp_path: Path, text: str, words: str) -> None:
    assert words in refusal(tmp_path, text)
