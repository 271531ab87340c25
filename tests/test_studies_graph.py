"""A study's graph: what is shared, what a key depends on, what is refused."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from synergy.config.data import FileDataConfig
from synergy.config.load import load
from synergy.config.model import ModelConfig
from synergy.config.resolve import resolved
from synergy.config.study import StudyConfig
from synergy.config.study_steps import EvaluateStepConfig
from synergy.errors import InputError
from synergy.recipes.step import STEP, STEP_DATA, Step, in_order, without_later
from synergy.studies.graph import make_graph
from synergy.studies.load import load_study

POCKET = Path(__file__).parents[1] / "studies" / "pocket.yaml"


def study(*overrides: str) -> StudyConfig:
    return load(POCKET, StudyConfig, overrides)


def keys(config: StudyConfig, arm: str, stage: str) -> set[str]:
    return {run.stages[stage] for run in make_graph(config).runs if run.arm == arm}


def test_arms_share_the_steps_that_are_equal():
    config = study()
    assert keys(config, "sft", "sft") == keys(config, "two_stage", "sft") == keys(config, "merging", "sft")
    assert keys(config, "rl", "rl") == keys(config, "data_mixing", "rl") == keys(config, "merging", "rl")
    graph = make_graph(config)
    assert len(graph.steps) == len({step.key for step in graph.steps})
    trained = [step for step in graph.steps if step.kind == "train"]
    assert len(trained) == 7  # base, sft, rl, two_stage_rl, interleaved, progressive, mixing_sft


def test_problems_chosen_for_sft_alone_leave_rl_all_of_them():
    rule = "stages.longest={rule: {by: length, side: longest, num_problems: 5}}"
    graph = make_graph(study(rule, "arms.two_stage.options={choose: {sft: longest}}"))
    (run,) = (run for run in graph.runs if run.arm == "two_stage")
    steps = {step.key: step for step in graph.steps}
    assert steps[run.stages["sft"]].inputs["data"].kind == "choose"
    assert "data" not in steps[run.stages["two_stage_rl"]].inputs
    both = make_graph(study(rule, "arms.two_stage.options={choose: longest}"))
    (run,) = (run for run in both.runs if run.arm == "two_stage")
    steps = {step.key: step for step in both.steps}
    assert all("data" in steps[key].inputs for key in run.stages.values())
    with pytest.raises(InputError, match="did you mean 'sft'"):
        make_graph(study(rule, "arms.two_stage.options={choose: {sfd: longest}}"))
    with pytest.raises(InputError, match="recipe base knows no option 'choose'"):
        make_graph(study(rule, "arms.base.options={choose: {sft: longest}}"))


def test_every_step_comes_after_its_inputs():
    steps = make_graph(study()).steps
    place = {step.key: index for index, step in enumerate(steps)}
    assert all(place[each.key] < place[step.key] for step in steps for each in step.inputs.values())
    assert in_order(list(reversed(steps)))[-1].key in place


def test_a_key_depends_on_settings_seed_and_inputs_and_on_nothing_else():
    plain = study()
    assert keys(plain, "rl", "rl") == keys(study("title=another", "name=another"), "rl", "rl")
    assert keys(plain, "rl", "rl") != keys(study("stages.rl.train.num_steps=3"), "rl", "rl")
    assert keys(plain, "rl", "rl") != keys(study("seeds=[1]"), "rl", "rl")
    changed = study("stages.sft.train.num_steps=3")
    assert keys(plain, "two_stage", "two_stage_rl") != keys(changed, "two_stage", "two_stage_rl")
    assert keys(plain, "rl", "rl") == keys(changed, "rl", "rl")


def test_merging_sweeps_ratios_beside_the_arm_itself():
    runs = {run.arm: run for run in make_graph(study()).runs if run.recipe == "merging"}
    assert sorted(runs) == ["merging", "merging@0", "merging@0.25", "merging@0.5", "merging@0.75", "merging@1"]
    assert [run.arm for run in runs.values() if run.shown] == ["merging"]
    assert runs["merging"].evaluations == runs["merging@0.25"].evaluations
    of_arm = {run.arm: run.evaluations for run in make_graph(study()).runs}
    assert runs["merging@0"].evaluations == of_arm["rl"]
    assert runs["merging@1"].evaluations == of_arm["sft"]


def test_levels_are_measured_once_for_all_arms_and_seeds():
    graph = make_graph(study("seeds=[0,1]"))
    tags = [step for step in graph.steps if step.kind == "tag"]
    assert [step.key for step in tags] == [graph.levels["pocket"].key]
    assert {run.seed for run in graph.runs} == {0, 1}
    assert make_graph(study("evaluation.levels=null")).levels == {}


def test_a_base_stage_makes_the_model_that_everything_starts_from():
    graph = make_graph(study("seeds=[0, 1]", "arms.ties={recipe: merging, options: {method: ties, sweep: []}}"))
    (made,) = (step for step in graph.steps if step.stage == "base")
    steps = {step.key: step for step in graph.steps}
    runs = {(run.arm, run.seed): run for run in graph.runs}
    starts = [steps[runs["rl", seed].stages["rl"]] for seed in (0, 1)]
    measured = [steps[runs["base", seed].evaluations["pocket"]] for seed in (0, 1)]
    own_levels = make_graph(study("evaluation.levels.model=null"))
    for step in (*starts, *measured, *own_levels.levels.values()):
        assert step.inputs["model"].key == made.key
        assert resolved(step.config)["model"]["checkpoint"] == f"{STEP}model"
    assert all(made.key not in run.stages.values() for run in graph.runs)  # it is no arm's doing
    assert not resolved(measured[0].config)["is_tuned"]
    ties = steps[runs["ties", 0].stages["merge"]]
    assert ties.inputs["base"].key == made.key
    assert resolved(ties.config)["merge"]["base_model"] == f"{STEP}base"


def test_without_a_base_stage_the_given_model_is_the_base():
    with_base = study()
    stages = {name: values for name, values in with_base.stages.items() if name != "base"}
    graph = make_graph(with_base.model_copy(update={"stages": stages}))
    assert not any(step.stage == "base" for step in graph.steps)
    (measured,) = (step for step in graph.steps if step.name == "base on pocket, seed 0")
    assert not measured.inputs
    assert resolved(measured.config)["model"]["checkpoint"] == "pocket"


def test_axes_make_a_grid_of_cells():
    axes: dict[str, Any] = {
        "problems": [{"label": str(num), "stages": {"common": {"data": {"num_problems": num}}}} for num in (100, 200)]
    }
    graph = make_graph(study(f"axes={yaml.safe_dump(axes, default_flow_style=True, width=10_000).strip()}"))
    cells = {run.axes["problems"]: run.stages["sft"] for run in graph.runs if run.arm == "sft"}
    assert set(cells) == {"100", "200"}
    assert cells["100"] != cells["200"]
    base = {run.evaluations["pocket"] for run in graph.runs if run.arm == "base"}
    assert len(base) == 1, "the base model is evaluated once for all sizes of training data"


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["arms.rl.stages={rl: {optimizer: {learning_rate: 1e-3}}}"], "rl.optimizer.learning_rate: 0.001 in arm rl"),
        (["varies=[]"], "recipe: base, data_mixing"),
        (["arms.rl.options={ratio: 1}"], "recipe rl knows no option 'ratio'"),
        (["arms.data_mixing.options={start: sft}"], "unknown value of option start of arm data_mixing: 'sft'"),
        (["stages.sft.optimiser={}"], "study pocket, arm sft, stage sft: unknown key 'optimiser'"),
        (["stages.rl.extends=two_stage_rl"], "stages extend in a circle"),
        (["baseline=bas"], "baseline bas is no arm"),
        (["arms.rl.stages={rll: {}}"], "arm rl changes stage rll"),
        (["scale=tiny"], "scale tiny is not among scales"),
        (["arms.x={recipe: r1}"], "r1"),
    ],
)
def test_what_is_refused_is_one_line(overrides: list[str], words: str):
    with pytest.raises(InputError, match=None) as raised:
        make_graph(study(*overrides))
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


def test_arms_may_differ_where_varies_says_so():
    config = study("varies=[recipe, rl.optimizer]", "arms.rl.stages={rl: {optimizer: {learning_rate: 1e-3}}}")
    graph = make_graph(config)
    assert graph.plan({}, {}).differences["rl"] == {"recipe": "rl", "rl.optimizer.learning_rate": 0.001}
    assert keys(config, "rl", "rl") != keys(config, "merging", "rl")


def test_a_scale_is_a_set_of_values_that_overrides_still_win_over():
    smoke = load_study(POCKET, ["scale=smoke"])
    assert smoke.name == "pocket-smoke"
    assert smoke.stages["sft"]["train"] == {**dict(study().stages["sft"])["train"], "num_steps": 2}  # type: ignore[dict-item]
    assert load_study(POCKET, ["scale=smoke", "stages.sft.train.num_steps=7"]).stages["sft"]["train"]["num_steps"] == 7  # type: ignore[index,call-overload]


def test_an_arm_trains_on_what_a_stage_chooses():
    rule = "{by: pass_count, at_most: 7}"
    config = study(f"stages.unsolved={{rule: {rule}}}", "arms.harder={recipe: rl, options: {choose: unsolved}}")
    graph = make_graph(config)
    steps = {step.key: step for step in graph.steps}
    (harder,) = (run for run in graph.runs if run.arm == "harder")
    trained = steps[harder.stages["rl"]]
    assert trained.inputs["data"].kind == "choose"
    assert resolved(trained.config)["data"]["path"] == str(STEP_DATA)
    chosen = resolved(trained.inputs["data"].config)
    assert chosen["data"] == resolved(steps[next(iter(keys(config, "rl", "rl")))].config)["data"]
    assert chosen["rule"]["response"]["max_tokens"] == config.stages["common"]["sampling"]["max_tokens"]  # type: ignore[index,call-overload]
    assert trained.inputs["data"].inputs["model"].stage == "base"  # it is the base model's pass counts that count
    assert "data" not in steps[next(iter(keys(config, "rl", "rl")))].inputs


def test_a_teachers_traces_are_all_arms_problems():
    teacher = "{by: teacher, model: {checkpoint: pocket}, keep: shortest, unsolved: leave_out}"
    config = study(f"stages.traces={teacher}")
    steps = {step.key: step for step in make_graph(config).steps}
    made = {steps[key].inputs["data"].key for arm in ("sft", "rl") for key in keys(config, arm, arm)}
    assert len(made) == 1
    assert steps[made.pop()].kind == "distil"
    with pytest.raises(InputError, match="option choose with traces by a teacher"):
        make_graph(
            study(
                f"stages.traces={teacher}",
                "stages.u={rule: {by: perplexity, num_problems: 9}}",
                "arms.sft.options={choose: u}",
            )
        )


POCKET_STUDIES = (
    "pocket",
    "pocket_seeds",
    "pocket_vlaa",
    "pocket_same_data",
    "ablations_first",
    "ablations_second",
    "pseudo_paths",
    "predictors",
    "cross_modal",
    "seeing",
    "jigsaw",
    "restoration",
)


@pytest.mark.parametrize("name", POCKET_STUDIES)
@pytest.mark.parametrize("scale", [None, "smoke"])
def test_every_study_of_the_pocket_can_be_planned(name: str, scale: str | None):
    graph = make_graph(load_study(POCKET.with_name(f"{name}.yaml"), [f"scale={scale}"] if scale else []))
    assert {run.arm for run in graph.runs if run.shown} == set(graph.study.arms)
    assert graph.study.evidence
    assert "no evidence about" in graph.study.evidence


def test_the_base_of_the_jigsaw_study_never_sees_the_new_task():
    graph = make_graph(load_study(POCKET.with_name("jigsaw.yaml"), []))
    data = {step.name: resolved(step.config)["data"] for step in graph.steps if step.kind in ("train", "distil")}
    assert (data["base model"]["families"], data["base model"]["levels"]) == (None, None)
    others = [each for name, each in data.items() if name != "base model" and each["source"] == "pocket"]
    assert len(others) == 5  # rl, three of SFT, the problems that the RL model answers
    assert all((each["families"], each["levels"]) == (["jigsaw"], [1, 2, 3]) for each in others)
    (own,) = (step for step in graph.steps if step.stage == "mixing_sft")
    assert own.inputs["model"].stage == "base", "it starts from the base, not from the RL model"


def test_a_field_of_data_that_came_later_changes_no_key_until_it_is_used(tmp_path: Path):
    rows = tmp_path / "a.jsonl"
    rows.write_text("{}")

    def key(**settings: Any) -> str:
        data = FileDataConfig(source="file", path=rows, **settings)
        config = load_study(POCKET, []).evaluation
        step = EvaluateStepConfig(
            kind="evaluate",
            model=ModelConfig(checkpoint=f"{STEP}model"),
            is_tuned=True,
            protocol=config.protocol,
            name="n",
            title="t",
            data=data,
            seed=0,
            problems_per_shard=1,
        )
        return Step(kind="evaluate", name="n", config=step).key

    assert len({key(), key(hashed_part=None), key(layout="puzzlevqa"), key(hashed_part=(0.0, 0.5))}) == 3


def test_settings_of_training_that_came_later_change_no_key_where_they_are_not_used():
    rl = next(step for step in make_graph(study()).steps if step.stage == "rl")
    plain = without_later(resolved(rl.config))
    assert "watch" not in plain
    assert "out_of_source" not in plain["evaluation"]
    far = "stages.rl.evaluation.out_of_source=[{name: far, data: {source: pocket, num_problems: 2}}]"
    used = [study(), study("stages.rl.watch={deception: {}}"), study(far)]
    assert len({frozenset(keys(each, "rl", "rl")) for each in used}) == 3


def test_a_local_folder_that_stands_for_a_hub_data_set_is_known_by_its_contents(tmp_path: Path):
    (tmp_path / "data").mkdir()
    table = tmp_path / "data" / "train.jsonl"
    table.write_text('{"id": "1"}\n')
    data = f"{{source: hub, repository: {tmp_path}, trace_column: trace}}"
    evaluation = f"stages.common.evaluation={{every_steps: 5, data: {data}}}"
    changes = (f"stages.common.data={data}", evaluation)
    before = keys(study(*changes), "rl", "rl")
    assert keys(study(*changes), "rl", "rl") == before
    table.write_text('{"id": "2"}\n')
    assert keys(study(*changes), "rl", "rl") != before
