"""The study of pseudo reasoning paths: what its arms share, and what SFT sees in each."""

from pathlib import Path
from typing import Any

from synergy.config.data import FileDataConfig
from synergy.config.distil import DistilConfig
from synergy.config.resolve import resolved
from synergy.config.study import StudyConfig
from synergy.config.train import TrainConfig
from synergy.recipes.step import Step
from synergy.studies.claims.registry import CLAIMS
from synergy.studies.graph import Graph, make_graph
from synergy.studies.load import load_study

FILE = Path(__file__).parents[1] / "studies" / "pseudo_paths.yaml"
TRACES = ("two_stage", "two_stage_unhesitant", "two_stage_own", "two_stage_short")


def study() -> StudyConfig:
    return load_study(FILE, [])


def stages(graph: Graph, arm: str) -> dict[str, Step]:
    steps = {step.key: step for step in graph.steps}
    (run,) = (run for run in graph.runs if run.arm == arm)
    return {name: steps[key] for name, key in run.stages.items()}


def settings(step: Step) -> dict[str, Any]:
    """All but the model that a training starts from."""
    found = resolved(step.config)
    return {**found, "model": {**found["model"], "checkpoint": ""}}


def test_rl_is_the_same_in_all_arms_but_for_where_it_starts():
    graph = make_graph(study())
    alone = stages(graph, "rl")["rl"]
    assert alone.inputs["model"].stage == "base"
    for arm in TRACES:
        after = stages(graph, arm)
        assert settings(after["two_stage_rl"]) == settings(alone), arm
        assert after["two_stage_rl"].inputs["model"].key == after["sft"].key, arm
        assert set(after["two_stage_rl"].inputs) == {"model"}, arm  # RL sees all problems, whatever SFT saw


def test_sft_differs_in_its_traces_alone():
    graph = make_graph(study())
    found = {arm: stages(graph, arm)["sft"] for arm in TRACES}
    whole = settings(found["two_stage"])
    for arm, data in (("two_stage_unhesitant", {"hesitation": "remove"}), ("two_stage_short", {"trace": "short"})):
        assert settings(found[arm]) == {**whole, "data": {**whole["data"], **data}}
    own = found["two_stage_own"].config
    assert isinstance(own, TrainConfig)
    assert isinstance(own.data, FileDataConfig)
    assert {**settings(found["two_stage_own"]), "data": 0, "evaluation": 0} == {**whole, "data": 0, "evaluation": 0}
    sampled = found["two_stage_own"].inputs["data"]
    assert isinstance(sampled.config, DistilConfig)
    assert sampled.inputs["model"].stage == "base"
    assert resolved(sampled.config)["data"] == whole["data"]


def test_fine_tuned_models_are_shared_with_the_arms_that_stop_there():
    graph = make_graph(study())
    for arm in TRACES:
        assert stages(graph, arm)["sft"].key == stages(graph, arm.replace("two_stage", "sft"))["sft"].key


def test_its_claims_are_in_the_registry():
    assert set(study().claims or ()) <= set(CLAIMS)
