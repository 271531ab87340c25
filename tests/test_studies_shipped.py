"""The shipped studies: planned in a moment, without weights, data or network, and with the papers' values."""

import re
import socket
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from synergy.config.merge import MergeConfig
from synergy.config.resolve import resolved
from synergy.config.shipped import load_protocol
from synergy.config.study import StudyConfig
from synergy.config.study_steps import EvaluateStepConfig
from synergy.config.train import TrainConfig
from synergy.recipes.step import Step
from synergy.studies.estimate import estimates_of
from synergy.studies.graph import Graph, make_graph
from synergy.studies.load import load_study
from synergy.studies.published import PUBLISHED
from synergy.studies.workload import Workload, workload_of

STUDIES = Path(__file__).parents[1] / "studies"
SCALED = [
    "synergy_dilemma_7b",
    "eureka_distill_7b",
    "synergy_dilemma_3b_lora",
    "synergy_dilemma_released",
    "vlaa_3b",
    "same_data",
]
EIGHT = ["base", "sft", "rl", "two_stage", "interleaved", "progressive", "data_mixing", "merging"]


@cache
def study(name: str) -> StudyConfig:
    return load_study(STUDIES / f"{name}.yaml", [])


@cache
def graph(name: str) -> Graph:
    return make_graph(study(name))


def step_of(name: str, arm: str, stage: str) -> Step:
    run = next(run for run in graph(name).runs if run.arm == arm)
    return next(step for step in graph(name).steps if step.key == run.stages[stage])


def config_of(name: str, arm: str, stage: str) -> TrainConfig:
    config = step_of(name, arm, stage).config
    assert isinstance(config, TrainConfig)
    return config


def work(name: str, arm: str, stage: str) -> Workload:
    assumed = study(name).assumed
    assert assumed is not None
    found = workload_of(step_of(name, arm, stage), assumed)
    assert found is not None
    return found


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("planning asks the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("name", SCALED)
def test_planned_whole_without_weights_or_network(name: str) -> None:
    study.cache_clear()
    graph.cache_clear()
    config, planned = study(name), graph(name)
    assert config.name == name
    assert config.cluster is not None
    assert config.published is None or config.published in PUBLISHED
    found = estimates_of(config, planned.steps, {})
    unknown = [step.name for step in planned.steps if found[step.key].seconds is None]
    assert unknown == []
    largest = max(each.memory_bytes or 0 for each in found.values())
    assert largest < config.cluster.memory_bytes, "every step fits on the machine that the study states"


def test_the_first_study_has_all_arms_and_five_levelled_benchmarks() -> None:
    config = study("synergy_dilemma_7b")
    assert set(EIGHT) <= set(config.arms)
    assert [each.name for each in config.evaluation.sets] == ["mathvision", "mathverse", "mathvista", "mmmu", "mmstar"]
    assert all(each.data.repository.endswith("_with_difficulty_level") for each in config.evaluation.sets)  # type: ignore[union-attr]
    assert config.evaluation.levels is None
    assert resolved(config.evaluation.protocol) == resolved(load_protocol("synergy_dilemma"))
    evaluate = next(step.config for step in graph("synergy_dilemma_7b").steps if step.kind == "evaluate")
    assert isinstance(evaluate, EvaluateStepConfig)
    assert (evaluate.backend, evaluate.model.dtype) == ("vllm", "bfloat16")


def test_the_first_study_says_the_papers_values() -> None:
    name = "synergy_dilemma_7b"
    sft, rl = config_of(name, "sft", "sft"), config_of(name, "rl", "rl")
    assert (sft.optimizer.learning_rate, sft.train.problems_per_step, sft.model.freeze) == (
        1e-5,
        32,
        ("vision", "projector"),
    )
    assert sft.train.num_steps * 32 / 34000 == pytest.approx(5, abs=0.01)
    assert (rl.optimizer.learning_rate, rl.sampling.max_tokens, rl.sampling.temperature) == (1e-6, 4096, 1.0)
    assert (rl.train.problems_per_step, rl.train.samples_per_problem, rl.train.updates_per_sampling) == (128, 8, 2)
    assert rl.train.num_steps == 531
    assert (rl.reward.accuracy, rl.reward.format, rl.algorithm.loss.kl.coefficient) == (0.9, 0.1, 0.005)
    assert config_of(name, "two_stage", "two_stage_rl").sampling.max_tokens == 16384
    assert config_of(name, "progressive", "progressive").algorithm.loss.nll.coefficient == 0.2
    assert config_of(name, "rl_no_kl", "rl").algorithm.loss.kl.place == "none"
    assert config_of(name, "sft_s11", "sft").train.num_steps * 32 / 1000 == pytest.approx(15, abs=0.01)
    assert config_of(name, "data_mixing", "mixing_sft").train.num_steps * 32 / 243_000 == pytest.approx(2, abs=0.01)


def test_the_first_studys_combinations_share_sft_and_rl() -> None:
    name = "synergy_dilemma_7b"
    sft = {step_of(name, arm, "sft").key for arm in ("sft", "two_stage", "merging", "merging_slerp", "merging_ties")}
    rl = {step_of(name, arm, "rl").key for arm in ("rl", "data_mixing", "merging", "merging_slerp", "merging_ties")}
    assert (len(sft), len(rl)) == (1, 1)
    sweep = {run.arm for run in graph(name).runs if run.arm.startswith("merging@")}
    assert sweep == {f"merging@{ratio}" for ratio in ("0", "0.25", "0.5", "0.75", "1")}


def test_the_second_study_says_the_papers_values() -> None:
    rl = config_of("vlaa_3b", "rl", "rl")
    assert (rl.prompt, rl.train.samples_per_problem, rl.sampling.temperature) == ("answer_tags", 4, 0.8)
    kl = rl.algorithm.loss.kl
    assert kl.controller is not None
    assert (kl.coefficient, kl.controller.target) == (1e-3, 5e-4)
    assert rl.train.num_steps * rl.train.problems_per_step == pytest.approx(25195, rel=0.01)
    assert rl.train.problems_per_step * rl.train.samples_per_problem / rl.train.updates_per_sampling == 256
    assert (rl.reward.gate, rl.reward.open_ended is not None) == ("answer", True)
    assert config_of("vlaa_3b", "rl_rules", "rl").reward.open_ended is None
    steps = {arm: config_of("vlaa_3b", arm, "sft").train.num_steps for arm in ("sft", "sft_126k", "two_stage_10k")}
    assert steps == {"sft": 190, "sft_126k": 985, "two_stage_10k": 78}


def test_the_third_study_gives_both_sides_the_same_problems() -> None:
    graphs = graph("same_data")
    by_key = {step.key: step for step in graphs.steps}
    made: dict[tuple[str, ...], set[str]] = {}
    for run in graphs.runs:
        if run.arm not in ("sft", "rl", "dapo"):
            continue
        step = by_key[run.stages[run.recipe]]
        config = step.config
        assert isinstance(config, TrainConfig)
        wanted = {"2k": 2000, "5k": 5000, "10k": 10000, "20k": 20000}[run.axes["problems"]]
        epochs = {"sft": 3, "rl": 2}[run.recipe]
        assert config.train.num_steps * config.train.problems_per_step / wanted == pytest.approx(epochs, rel=0.03)
        if "data" in step.inputs:
            made.setdefault(tuple(run.axes.values()), set()).add(step.inputs["data"].key)
        else:
            assert (run.axes["traces"], config.data.num_problems) == ("eureka_distill", wanted)
    assert len(made) == 4 * 4
    assert all(len(each) == 1 for each in made.values()), "all arms learn what the teacher solved"
    assert len(set.union(*made.values())) == 4, "the teacher is asked once for each number of problems"
    assert {run.axes["model"] for run in graphs.runs} == {
        "qwen2_vl_2b",
        "qwen2_vl_7b",
        "qwen2_5_vl_3b",
        "qwen2_5_vl_7b",
    }


def test_lora_keeps_the_eight_arms_on_one_gpu() -> None:
    config = study("synergy_dilemma_3b_lora")
    assert list(config.arms) == EIGHT
    assert config.cluster is not None
    assert config.cluster.num_accelerators == 1
    assert all(
        step.config.model.lora is not None
        for step in graph("synergy_dilemma_3b_lora").steps
        if isinstance(step.config, TrainConfig)
    )


def test_released_models_are_evaluated_as_tuned_and_our_merge_has_the_papers_weights() -> None:
    graphs = graph("synergy_dilemma_released")
    evaluated = [step.config for step in graphs.steps if isinstance(step.config, EvaluateStepConfig)]
    tuned: dict[str, set[bool]] = {}
    for config in evaluated:
        tuned.setdefault(config.model.checkpoint, set()).add(config.is_tuned)
    assert tuned.pop("Qwen/Qwen2.5-VL-7B-Instruct") == {False}
    assert len(tuned) == 8, "seven released ones and our merge"
    assert all(each == {True} for each in tuned.values())
    (merge,) = [step for step in graphs.steps if step.kind == "merge"]
    assert isinstance(merge.config, MergeConfig)
    section: Any = merge.config.merge
    assert {each.model.rpartition("-")[2]: each.weight for each in section.models} == {
        "SFT_Eureka_Distill": 0.25,
        "RL": 0.75,
    }
    assert {run.arm: run.recipe for run in graphs.runs if run.shown}["two_stage"] == "two_stage"


def test_lengths_of_released_models_are_their_own() -> None:
    config = study("synergy_dilemma_released")
    assert config.assumed is not None
    found: dict[str, float] = {}
    for step in graph("synergy_dilemma_released").steps:
        if step.kind == "evaluate" and " on mmmu" in step.name:
            one = workload_of(step, config.assumed)
            assert one is not None
            found[step.name.partition(" ")[0]] = one.evaluation_tokens / (900 * 4)
    assert (found["base"], found["rl"], found["sft"]) == (300, 337, 3400)


def test_choosing_among_problems_is_a_step_with_a_cost() -> None:
    choosing = work("synergy_dilemma_7b", "rl_without_easiest", "rl")
    assert choosing.generated_tokens == work("synergy_dilemma_7b", "rl", "rl").generated_tokens
    study_, steps = study("synergy_dilemma_7b"), graph("synergy_dilemma_7b").steps
    (chosen,) = [step for step in steps if step.kind == "choose"]
    assert study_.assumed is not None
    found = workload_of(chosen, study_.assumed)
    assert found is not None
    assert found.generated_tokens == 34000 * 8 * 300
    (surprising,) = [step for step in graph("vlaa_3b").steps if step.kind == "choose"]
    vlaa = study("vlaa_3b").assumed
    assert vlaa is not None
    passed = workload_of(surprising, vlaa)
    assert passed is not None
    assert (passed.generated_tokens, passed.scored_tokens) == (0, 2 * 126413 * (250 + 400 + 600))  # two models


def test_more_of_a_recipe_costs_more() -> None:
    name = "synergy_dilemma_7b"
    assert work(name, "two_stage", "two_stage_rl").generated_tokens > work(name, "rl", "rl").generated_tokens
    assert (
        work(name, "interleaved_all", "interleaved").trained_tokens
        > work(name, "interleaved", "interleaved").trained_tokens
    )


def test_the_page_on_real_models_names_studies_that_are_there_and_their_sizes() -> None:
    page = (STUDIES.parent / "docs" / "real_models.md").read_text(encoding="utf-8")
    named = set(re.findall(r"studies/(\w+)\.yaml", page))
    assert named == set(SCALED)
    sizes = {name: len(graph(name).steps) for name in SCALED}
    table = re.findall(r"^\| [^|]+ \| (\d+) \| [\d.e]+ \|", page, re.M)
    assert sorted(map(int, table)) == sorted(sizes.values())
