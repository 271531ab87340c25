"""What a plan says of cost: formulas by hand, and against what a small study really spent."""

import json
from pathlib import Path

import pytest

from synergy.cli import run
from synergy.config.assumed import AssumedConfig, ModelSizeConfig
from synergy.config.cluster import ClusterConfig
from synergy.config.load import build
from synergy.config.sampling import LocalConfig
from synergy.config.study import StudyConfig
from synergy.config.train import TrainConfig
from synergy.recipes.step import Step
from synergy.studies.cost import activation_bytes, cache_bytes, disk_of, flops_of, seconds_of, training_memory
from synergy.studies.estimate import estimates_of, total
from synergy.studies.graph import make_graph
from synergy.studies.parameters import count_parameters
from synergy.studies.plan_file import LedgerPart
from synergy.studies.sizes import ModelSize, size_of
from synergy.studies.workload import Workload, workload_of

CLUSTER = ClusterConfig(
    accelerator="toy",
    num_accelerators=4,
    memory_gib=1.0,
    peak_flops=1e9,
    training_utilisation=0.5,
    generation_utilisation=0.1,
    host_memory_gib=1.0,
    disk_bytes_per_second=1e6,
)
ASSUMED = AssumedConfig(
    prompt_tokens=40, image_tokens=10, trace_tokens=100, response_tokens=20, responses={"rl": 30.0, "base": 25.0}
)
SIZE = ModelSize(
    parts={"vision": 200, "projector": 100, "language": 1000},
    num_layers=2,
    hidden=8,
    intermediate=16,
    key_value=4,
    vocabulary=50,
)


def train(stage: str, **sections: object) -> Step:
    values = {
        "kind": "train",
        "model": {"checkpoint": "toy/toy", "freeze": ["vision", "projector"]},
        "data": {"source": "hub", "repository": "toy/data"},
        "prompt": "boxed",
        "optimizer": {"learning_rate": 1e-3},
        "sampling": {"max_tokens": 64},
        **sections,
    }
    return Step(kind="train", name=stage, config=build(TrainConfig, values, label="test"), stage=stage)


SFT = train("sft", algorithm={"name": "sft"}, train={"num_steps": 3, "problems_per_step": 5})
KL = {"name": "grpo", "loss": {"kl": {"place": "loss", "coefficient": 0.1}}}
LOOP = {"num_steps": 3, "problems_per_step": 5, "samples_per_problem": 8, "updates_per_sampling": 5}
RL = train("rl", algorithm=KL, train=LOOP)


def workload(step: Step) -> Workload:
    found = workload_of(step, ASSUMED)
    assert found is not None
    return found


def test_sft_trains_on_traces_and_runs_prompts_too():
    found = workload(SFT)
    assert found.trained_tokens == 3 * 5 * 100
    assert found.update_tokens == 3 * 5 * (50 + 100)
    assert found.generated_tokens == found.scored_tokens == found.evaluation_tokens == 0
    assert found.images == 15


def test_rl_runs_each_prompt_once_a_tree_and_scores_for_ratio_and_kl():
    found = workload(RL)
    assert found.generated_tokens == found.trained_tokens == 15 * 8 * 30
    assert found.update_tokens == 15 * 50 + 15 * 8 * 30
    assert found.scored_tokens == 2 * found.update_tokens  # the policy before five updates, and the reference
    split = train("rl", algorithm=KL, train={**LOOP, "max_tokens_per_tree": 50 + 3 * 30})
    assert workload(split).update_tokens == 15 * 3 * 50 + 15 * 8 * 30  # three trees of 3, 3 and 2 responses


def test_responses_end_at_the_samplers_limit():
    assert workload(train("rl", algorithm=KL, train=LOOP, sampling={"max_tokens": 7})).generated_tokens == 15 * 8 * 7


def test_evaluations_while_training_are_counted_from_the_untrained_to_the_last():
    section = {
        "every_steps": 2,
        "num_problems": 10,
        "samples_per_problem": 3,
        "data": {"source": "hub", "repository": "v"},
    }
    found = workload(train("rl", algorithm=KL, train=LOOP, evaluation=section))
    assert found.evaluation_tokens == 3 * 10 * 3 * 30  # before, after two, after three


def test_failed_problems_are_imitated_and_guided():
    share = ASSUMED.failed_fraction
    interleaved = workload(train("rl", algorithm={"name": "interleaved"}, train=LOOP))
    assert interleaved.trained_tokens == 15 * 8 * 30 + 15 * share * 100
    progressive = workload(train("rl", algorithm={"name": "progressive", "num_guided": 4}, train=LOOP))
    assert progressive.generated_tokens == (15 * 8 + 15 * share * 4) * 30


def test_flops_are_the_ledgers():
    found = flops_of(Workload(generated_tokens=10, evaluation_tokens=4, trained_tokens=7, update_tokens=20), SIZE)
    assert found.nominal_flops == 2 * 1300 * 10 + 6 * 1300 * 7
    assert found.executed_flops == 2 * 1000 * (10 + 4) + 6 * 1000 * 20


def test_seconds_by_hand():
    one = Workload(generated_tokens=100, prefilled_tokens=50, update_tokens=200, scored_tokens=300)
    sampling = 2 * 1000 * 150 / (4 * 1e9 * 0.1)
    updates = 1000 * (6 * 200 + 2 * 300) / (4 * 1e9 * 0.5)
    assert seconds_of(RL, one, SIZE, CLUSTER) == pytest.approx(sampling + updates)
    again = train("rl", algorithm=KL, train=LOOP, model={"checkpoint": "t", "gradient_checkpointing": True})
    assert seconds_of(again, one, SIZE, CLUSTER) == pytest.approx(sampling + updates + 1000 * 2 * 200 / (4 * 1e9 * 0.5))


def test_memory_of_a_full_training_by_hand():
    """float32, frozen tower: P = 1300, T = 1000 parameters of 4 bytes; 4 processes."""
    config = RL.config
    assert isinstance(config, TrainConfig)
    tokens, logits = config.train.max_tokens_per_micro_batch, 2 * config.model.logits_bytes
    activations = tokens * 2 * (8 * 4 + (8 * 8 + 4 * 16) * 4)
    assert activation_bytes(config, SIZE) == activations
    weights, adam, gradients, reference = 1300 * 4, 2 * 4000, 4000, 1300 * 4
    updating = weights + adam + reference + gradients + 4000 + activations + logits  # the second 4000 are DDP's
    assert training_memory(config, SIZE, 50, CLUSTER) == updating
    sharded = config.model_copy(update={"train": config.train.model_copy(update={"parallel": "sharded"})})
    resting = (weights + adam + reference) / 4 + weights  # and a whole copy that samples
    gathered = 4 * 1300  # of two layers both are there
    assert training_memory(sharded, SIZE, 50, CLUSTER) == resting + gradients / 4 + 2 * gathered + activations + logits
    long = config.model_copy(update={"sampling": config.sampling.model_copy(update={"max_tokens": 20_000_000})})
    cache = 8 * 2 * 2 * 4 * 4 * (50 + 20_000_000)  # more than the limit, for all attempts at one problem
    assert training_memory(long, SIZE, 50, CLUSTER) == weights + adam + reference + cache


def test_lora_trains_little_and_keeps_no_reference():
    lora = {"rank": 2, "alpha": 4}
    step = train("rl", algorithm=KL, train=LOOP, model={"checkpoint": "t", "lora": lora})
    assert isinstance(step.config, TrainConfig)
    # 2 layers × rank 2 × (q 16 + k 12 + v 12 + o 16 + gate, up, down 24 each)
    assert SIZE.trained(step.config.model) == 2 * 2 * (16 + 12 + 12 + 16 + 72)
    full = training_memory(RL.config, SIZE, 50, None)  # type: ignore[arg-type]
    assert training_memory(step.config, SIZE, 50, None) < full


def test_checkpointing_keeps_the_inputs_of_layers_alone():
    step = train(
        "sft", algorithm={"name": "sft"}, train=LOOP, model={"checkpoint": "t", "gradient_checkpointing": True}
    )
    assert isinstance(step.config, TrainConfig)
    assert activation_bytes(step.config, SIZE) == 16384 * (2 * 8 * 4 + (8 * 8 + 4 * 16) * 4)


def test_a_cache_is_bounded_but_holds_all_attempts_at_a_problem():
    one = 2 * 2 * 4 * 2 * 100  # keys and values, layers, width of keys, bytes, tokens
    assert cache_bytes(SIZE, 100, 8, LocalConfig(slots=20, cache_bytes=10**9), 2) == 20 * one
    assert cache_bytes(SIZE, 100, 8, LocalConfig(slots=20, cache_bytes=10 * one), 2) == 10 * one
    assert cache_bytes(SIZE, 100, 8, LocalConfig(cache_bytes=1), 2) == 8 * one


def test_a_model_on_disk_has_its_types_width():
    half = train("sft", algorithm={"name": "sft"}, train=LOOP, model={"checkpoint": "t", "dtype": "bfloat16"})
    assert [disk_of(step, Workload(), SIZE, ASSUMED) for step in (SFT, half)] == [1300 * 4, 1300 * 2]


def test_the_pockets_size_is_read_from_its_folder():
    from synergy.pocket.shipped import WEIGHTS

    size, counted = size_of("pocket", None), count_parameters(WEIGHTS)
    assert size is not None
    assert counted == size.parameters
    assert (size.num_layers, size.hidden, size.key_value, size.vocabulary) == (6, 128, 64, 1000)
    assert size.parts["projector"] > 0
    assert size_of("owner/nowhere", ASSUMED) is None


def test_stated_sizes_are_the_sums_of_their_matrices():
    """The 7B language model: embeddings and head, 28 layers, norms and the biases of queries, keys, values."""
    study = Path(__file__).parents[1] / "studies" / "synergy_dilemma_7b.yaml"
    from synergy.studies.load import load_study

    assumed = load_study(study, []).assumed
    assert assumed is not None
    for checkpoint, tied in (("Qwen/Qwen2.5-VL-7B-Instruct", False), ("Qwen/Qwen2.5-VL-3B-Instruct", True)):
        size = size_of(checkpoint, assumed)
        assert size is not None
        embeddings = size.vocabulary * size.hidden * (1 if tied else 2)
        biases = size.hidden + 2 * size.key_value
        norms = 2 * size.hidden
        language = embeddings + size.num_layers * (size.layer + biases + norms) + size.hidden
        assert size.parts["language"] == language


def toy(cluster: ClusterConfig | None, **assumed: object) -> StudyConfig:
    values = {
        "kind": "study",
        "name": "toy",
        "title": "toy",
        "evidence": "none",
        "stages": {
            "common": {
                "model": {"checkpoint": "toy/toy", "freeze": ["vision", "projector"]},
                "data": {"source": "hub", "repository": "toy/data", "trace_column": "trace"},
                "prompt": "boxed",
                "sampling": {"max_tokens": 64},
                "train": {"num_steps": 3, "problems_per_step": 5},
            },
            "sft": {"algorithm": {"name": "sft"}, "optimizer": {"learning_rate": 1e-3}},
            "sft_long": {"extends": "sft", "train": {"num_steps": 6}},
        },
        "arms": {
            "base": {"recipe": "base"},
            "sft": {"recipe": "sft"},
            "long": {"recipe": "sft", "stages": {"sft": {"train": {"num_steps": 6}}}},
        },
        "varies": ["recipe", "sft.train"],
        "evaluation": {
            "protocol": {"shipped": "synergy_dilemma", "num_runs": 2, "response": {"max_tokens": 50}},
            "sets": [{"name": "stars", "title": "Stars", "data": {"source": "benchmark", "benchmark": "mmstar"}}],
            "levels": None,
        },
        "cluster": None if cluster is None else cluster.model_dump(),
        "assumed": {
            **ASSUMED.model_dump(),
            "models": {"toy/toy": TOY.model_dump()},
            "tables": {"mmstar": {"num_problems": 30}},
            **assumed,
        },
    }
    return build(StudyConfig, values, label="toy")


TOY = ModelSizeConfig(
    vision_parameters=200,
    projector_parameters=100,
    language_parameters=1000,
    num_layers=2,
    hidden_size=8,
    intermediate_size=16,
    key_value_size=4,
    vocabulary_size=50,
)


def test_a_study_of_hub_names_is_estimated_without_weights_or_network():
    study = toy(CLUSTER)
    graph = make_graph(study)
    found = {
        step.name: each for step, each in zip(graph.steps, estimates_of(study, graph.steps, {}).values(), strict=True)
    }
    assert found["base on stars, seed 0"].executed_flops == 2 * 1000 * 30 * 2 * 25
    assert found["sft/sft, seed 0"].nominal_flops == 6 * 1300 * 1500
    assert all(
        each.source == "cluster" and each.seconds and each.memory_bytes and each.disk_bytes for each in found.values()
    )
    whole = total(list(found.values()))
    assert whole.seconds == pytest.approx(sum(each.seconds or 0 for each in found.values()))
    assert whole.num_unknown_seconds == 0


def test_without_a_cluster_times_come_from_finished_steps_of_the_same_kind():
    study = toy(None)
    graph = make_graph(study)
    before = estimates_of(study, graph.steps, {})
    assert {each.seconds for each in before.values()} == {None}
    by_name = {step.name: step for step in graph.steps}
    short, long = by_name["sft/sft, seed 0"], by_name["long/sft, seed 0"]
    after = estimates_of(study, graph.steps, {short.key: LedgerPart(seconds=10.0, peak_memory_bytes=77)})
    assert (after[short.key].seconds, after[short.key].source) == (10.0, "done")
    assert after[short.key].memory_bytes == 77
    assert (after[long.key].seconds, after[long.key].source) == (pytest.approx(20.0), "measured")  # twice the FLOPs
    assert after[by_name["base on stars, seed 0"].key].seconds is None, "no evaluation is done yet"


def test_what_is_not_stated_is_not_known():
    study = toy(CLUSTER, models={}, tables={})
    graph = make_graph(study)
    assert {each.executed_flops for each in estimates_of(study, graph.steps, {}).values()} == {None}


def test_estimates_meet_the_ledger_of_a_small_study(untrained: Path, tmp_path: Path):
    """Prompt, trace and response lengths are as assumed for the pocket; what is counted must be what is spent."""
    from test_studies_run import STUDY

    study = json.loads(json.dumps(STUDY))
    study["stages"]["common"]["model"]["checkpoint"] = str(untrained)
    study["arms"] = {"base": {"recipe": "base"}, "sft": {"recipe": "sft"}, "rl": {"recipe": "rl"}}
    study["stages"]["rl"]["algorithm"] = KL  # which runs every attempt, as the untrained model's teach nothing else
    study["assumed"] = {"prompt_tokens": 55, "image_tokens": 14, "trace_tokens": 45, "response_tokens": 12}
    file, out = tmp_path / "tiny.json", tmp_path / "tiny"
    file.write_text(json.dumps(study))
    assert run(["study", str(file), "--out", str(out), "--no-report"]) == 0
    plan = json.loads((out / "plan.json").read_text())
    config = build(StudyConfig, study, label="tiny")
    steps = make_graph(config).steps
    predicted = estimates_of(config, steps, {})
    assert len(steps) == 6
    for step in steps:
        spent = LedgerPart(**plan["steps"][step.key]["ledger"])
        executed = predicted[step.key].executed_flops
        assert executed is not None
        assert 0.9 < executed / spent.executed_flops < 1.1, step.name
        assert plan["steps"][step.key]["estimated_seconds"] == spent.seconds


def test_the_plan_says_what_it_stands_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "200")
    file = tmp_path / "toy.json"
    file.write_text(json.dumps(toy(CLUSTER).model_dump(mode="json")))
    assert run(["study", str(file), "--plan", "--out", str(tmp_path / "toy")]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "planned for 4 × toy of 1 GiB" in out
    assert "to do: 3 × evaluate, 2 × train" in out
    assert "FLOP executed" in out
