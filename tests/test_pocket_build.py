"""Building a pocket model: resumable to the bit, unfinished work kept, a plain Hugging Face folder at the end."""

import json
from pathlib import Path
from random import Random

import pytest
import torch
from torch import nn

from synergy.config.build import StageConfig
from synergy.errors import InputError
from synergy.pocket.build.cells import CellClassifier, cell_batch
from synergy.pocket.build.checkpoint import build_model
from synergy.pocket.build.examples import Row, answer_rows, make_batch, picture_rows
from synergy.pocket.build.facts import completion, facts, practice
from synergy.pocket.build.losses import language_backward
from synergy.pocket.build.pictures import training_picture
from synergy.pocket.build.pieces import Piece, caption_pieces
from synergy.pocket.build.run import (
    SIZES,
    building_folder,
    finish,
    load_size,
    open_building_folder,
    train,
)
from synergy.pocket.build.stage import learning_rate, run_stage
from synergy.pocket.card import Measure, measure_card
from synergy.pocket.claims import read_claims
from synergy.pocket.plots import chart_values, marked_points
from synergy.pocket.probe import load_pocket, sample
from synergy.pocket.scenes import Scene, place_name
from synergy.pocket.world import items
from synergy.prompts import ANSWER_TAGS, BOXED

FEW = tuple(
    f"stages.{stage}.{what}" for stage in ("cells", "pictures", "answers") for what in ("num_steps=3", "batch_size=4")
)


@pytest.fixture(scope="module")
def processor(untrained: Path):
    return load_pocket(untrained)[1]


@pytest.fixture(scope="module")
def model(untrained: Path):
    return load_pocket(untrained)[0]


def _run(folder: Path, config, stop_after: int | None = None):
    """Train in `folder`; leave as a killed process would after `stop_after` steps."""
    training = train(config, folder)
    seen = []
    try:
        while True:
            seen.append(next(training))
            if len(seen) == stop_after:
                return seen, None
    except StopIteration as stopped:
        return seen, stopped.value


def test_a_build_killed_anywhere_ends_with_the_same_weights(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("synergy.pocket.build.stage.SAVE_EVERY_STEPS", 2)
    config = load_size("tiny", ("seed=3", *FEW))
    _, undisturbed = _run(open_building_folder(config, tmp_path / "whole"), config)
    out = tmp_path / "killed"
    for stop_after in (2, 1, 3, 4):  # inside every stage
        _run(open_building_folder(config, out), config, stop_after)
    seen, resumed = _run(open_building_folder(config, out), config)
    assert undisturbed is not None
    assert resumed is not None
    assert len(seen) < 9
    expected, got = undisturbed.model.state_dict(), resumed.model.state_dict()
    assert all(torch.equal(expected[name], got[name]) for name in expected)

    finish(resumed, building_folder(out), out, {"README.md": "a card"})
    assert not building_folder(out).exists()
    loaded, _ = load_pocket(out)
    assert all(torch.equal(tensor, got[name]) for name, tensor in loaded.state_dict().items())
    assert json.loads((out / "build.json").read_text())["seed"] == 3
    with pytest.raises(InputError, match="exists; expected a new folder"):
        open_building_folder(config, out)


def test_an_unfinished_build_of_another_configuration_is_not_touched(tmp_path: Path) -> None:
    open_building_folder(load_size("tiny"), tmp_path / "out")
    with pytest.raises(InputError, match="another configuration"):
        open_building_folder(load_size("tiny", ("seed=1",)), tmp_path / "out")


def test_seeds_give_other_weights_and_other_data(tmp_path: Path) -> None:
    few = ("stages.cells.num_steps=1", "stages.pictures.num_steps=1", "stages.answers.num_steps=1")
    states = []
    for seed in (0, 1):
        config = load_size("tiny", (f"seed={seed}", *few))
        _, built = _run(open_building_folder(config, tmp_path / str(seed)), config)
        assert built is not None
        states.append(built.model.state_dict()["model.language_model.layers.0.mlp.up_proj.weight"])
    assert not torch.equal(*states)
    assert (
        picture_rows(0, 0, config.stages.pictures)[0].problem != picture_rows(1, 0, config.stages.pictures)[0].problem
    )


def test_sizes_grow_and_keep_tokenizer_and_stages() -> None:
    configs = [load_size(size) for size in SIZES]
    assert len({config.vocabulary_size for config in configs}) == 1
    widths = [config.model.hidden_size * config.model.num_layers for config in configs]
    assert widths == sorted(set(widths))
    with pytest.raises(InputError, match="did you mean 'small'"):
        load_size("smal")


def test_the_learning_rate_warms_up_peaks_and_decays() -> None:
    config = StageConfig(num_steps=100, batch_size=1, learning_rate=1.0, warmup_fraction=0.1)
    rates = [learning_rate(config, step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1)
    assert rates[9] == pytest.approx(1.0)
    assert max(rates) == pytest.approx(1.0)
    assert rates[55] == pytest.approx(0.05 + 0.95 * 0.5)  # half-way down the cosine
    assert rates[-1] < 0.06


def test_a_stage_does_not_depend_on_how_its_rows_are_split(model, processor, monkeypatch) -> None:
    """The loss is a mean over all response tokens of the step, whatever the micro-batches."""
    rows = answer_rows(0, 0, 6, (1, 1, 1, 1, 1))
    gradients = []
    for rows_per_forward in (1, 4, 6):
        monkeypatch.setattr("synergy.pocket.build.losses._ROWS_PER_FORWARD", rows_per_forward)
        model.zero_grad()
        language_backward(model, processor, lambda step: rows)(0)
        gradients.append(torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None]))
    model.zero_grad()
    norm = gradients[0].norm()
    assert all((gradient - gradients[0]).norm() < 1e-4 * norm for gradient in gradients[1:])


def test_labels_cover_the_response_and_its_end_and_nothing_else(processor) -> None:
    item = items("train", 1)[0]
    short = item.short()
    response = ANSWER_TAGS.response(short.trace, short.answer)
    batch = make_batch(processor, [Row(item.problem(), ANSWER_TAGS, (Piece(response),))])
    learned = batch.input_ids[0][batch.labels[0] >= 0]
    assert processor.tokenizer.decode(learned) == response + "<|im_end|>"
    num_cells = item.task.picture.size**2  # type: ignore[attr-defined]
    assert int(batch.mm_token_type_ids.sum()) == num_cells
    assert len(batch.pixel_values) == 4 * num_cells


def test_a_stage_learns(tmp_path: Path, processor) -> None:
    """Features that are free to move come to name the cells of one picture."""
    torch.manual_seed(0)
    classifier = CellClassifier(torch.randn(1000, 64) / 8, processor.tokenizer)
    _, labels = cell_batch(0, 0, 1)
    features = nn.Parameter(torch.randn(len(labels), 64))
    config = StageConfig(num_steps=150, batch_size=1, learning_rate=0.1, warmup_fraction=0.1)

    def backward(step: int) -> dict[str, float]:
        loss, right = classifier.losses(features, labels)
        loss.backward()
        return {"loss": loss.item(), "right": right.item()}

    learned = nn.ModuleDict({"classifier": classifier, "features": nn.ParameterList([features])})
    reports = list(run_stage(learned, config, backward, tmp_path / "state.safetensors"))
    assert reports[0].metrics["right"] < 0.5
    assert reports[-1].metrics["right"] == 1
    assert reports[-1].metrics["loss"] < 0.1 * reports[0].metrics["loss"]


def test_sampling_grades_and_never_emits_vision_tokens(model, processor) -> None:
    problems = [item.problem() for item in items("evaluation", 4)]
    done: list[int] = []
    sampled = sample(model, processor, problems, BOXED, num_samples=3, seed=0, progress=done.append)
    assert [group.problem.id for group in sampled.groups] == [problem.id for problem in problems]
    assert done[-1] == 4
    assert len(sampled.rollouts) == 12
    vision = {model.config.image_token_id, model.config.video_token_id}
    assert all(not vision & set(rollout.token_ids.tolist()) for rollout in sampled.rollouts)
    assert all(rollout.verdict is not None for rollout in sampled.rollouts)
    again = sample(model, processor, problems, BOXED, num_samples=3, seed=0)
    assert [r.text for r in again.rollouts] == [r.text for r in sampled.rollouts]


def test_a_measure_knows_its_bounds() -> None:
    assert Measure("m", 0.5, low=0.35, high=0.6).within
    assert not Measure("m", 0.61, low=0.35, high=0.6).within
    assert not Measure("m", 0.2, low=0.35).within
    assert Measure("m", 0.2).line() == ("m", "20.0%", "", "", "")
    assert Measure("m", 0.2, low=0.35).line()[3:] == ("at least 35.0%", "outside")


def test_a_card_measures_and_describes(model, processor, monkeypatch) -> None:
    monkeypatch.setattr("synergy.pocket.probe.MAX_NEW_TOKENS", 8)  # an untrained model would fill any limit
    monkeypatch.setattr("synergy.pocket.card._NUM_HELD_OUT", 4)
    monkeypatch.setattr("synergy.pocket.card._NUM_DESCRIBED", 4)
    card = measure_card(model, processor, num_problems=25)
    values = {measure.name: measure.value for measure in card.measures}
    assert values["accuracy"] == 0
    assert values["truncated"] > 0.9
    assert values["problems in pass-rate level L5"] == 1
    assert sum(values[f"problems in pass-rate level L{level}"] for level in range(1, 6)) == pytest.approx(1)
    assert values["generation speed"] > 0
    assert not card.within
    assert "| accuracy | 0.0% |" in card.to_markdown(load_size("tiny"))
    assert json.loads(card.to_json())["settings"]["problems"] == 25


def test_facts_are_true_and_many() -> None:
    boards = items("train", 300, families=("sum", "count", "locate", "expression"))
    counts = []
    for item in boards:
        scene = item.task.picture
        assert isinstance(scene, Scene)
        question, pieces = practice(scene, Random(item.id))
        claims = read_claims(item.task, "".join(piece.text for piece in pieces))
        if ":" in question:
            assert not any(piece.given for piece in pieces), item.id
        assert all(claim.true for claim in claims), item.id
        counts.append(len(claims))
    assert min(counts) >= 1
    assert sum(counts) / len(counts) > 4


def test_a_completed_fact_is_true_and_its_answer_ends_the_trace() -> None:
    told = 0
    for item in items("train", 200, families=("sum", "count", "locate", "expression")):
        scene = item.task.picture
        assert isinstance(scene, Scene)
        completed = completion(scene, Random(item.id))
        if completed is not None:
            question, trace, answer = completed
            assert trace == f"{question.removeprefix('Complete: ')} {answer}"
            assert all(claim.true for claim in read_claims(item.task, trace)), item.id
            told += 1
    assert told > 150


def test_what_a_piece_says_is_seen_where_it_says() -> None:
    """A cell's words or name, or how many cells there are."""
    seen = 0
    for item in items("train", 200, families=("sum", "count", "locate", "describe")):
        scene = item.task.picture
        assert isinstance(scene, Scene)
        for piece in (*practice(scene, Random(item.id))[1], *caption_pieces(scene)):
            said = piece.text.strip(" ,;")
            for place in piece.seen_at:
                cell = scene.at(*place)
                assert said in (cell.words(), str(cell.digit), place_name(*place), str(len(piece.seen_at))), item.id
                seen += 1
        assert "".join(piece.text for piece in caption_pieces(scene)) == scene.caption()
    assert seen > 2000


def test_some_plots_have_dots_in_colours_whose_values_are_stated() -> None:
    rng = Random(0)
    scenes = [training_picture(rng, index, 0)[1] for index in range(400)]
    plots = [scene for scene in scenes if scene.style == "plot"]
    coloured = [scene for scene in plots if chart_values(scene)]
    assert 0.3 < len(coloured) / len(plots) < 0.7
    assert not any(scene.style == "chart" for scene in scenes)
    for scene in coloured:
        said = "".join(piece.text for fact in facts(scene, rng) for piece in fact)
        assert len(set(chart_values(scene))) == len(marked_points(scene))
        assert all(f"{colour} is {value}" in said for colour, value in chart_values(scene).items())


def test_given_pieces_are_not_taught_and_looks_meet_their_cells(processor) -> None:
    item = items("train", 1, families=("count",))[0]
    pieces = (Piece("a1 is", given=True), Piece(" red circle", ((1, 1),)), Piece("."), Piece(" 2", ((1, 2), (3, 1))))
    batch = make_batch(processor, [Row(item.problem(), None, pieces)])
    tokens = processor.tokenizer
    assert tokens.decode(batch.labels[0][batch.labels[0] >= 0]) == " red circle. 2<|im_end|>"
    first_cell = batch.mm_token_type_ids[0].tolist().index(1)
    looks = [(tokens.decode(batch.input_ids[0, query + 1]), key - first_cell) for _, query, key in batch.gaze.tolist()]
    side = item.task.picture.size  # type: ignore[attr-defined]
    assert looks == [(" red", 0), (" circle", 0), (" 2", 1), (" 2", 2 * side)]
    assert batch.gaze_share.tolist() == [1, 1, 0.5, 0.5]


def test_attention_learns_where_to_look(tmp_path: Path, processor) -> None:
    built = build_model(load_size("tiny"), processor.tokenizer)
    rows = [
        Row(item.problem(), None, tuple(caption_pieces(item.task.picture)))  # type: ignore[arg-type]
        for item in items("train", 4, families=("count",))
    ]
    backward = language_backward(built, processor, lambda step: rows, gaze_weight=1.0)
    config = StageConfig(num_steps=40, batch_size=4, learning_rate=3e-3, warmup_fraction=0.1)
    looks = [
        report.metrics["gaze"] for report in run_stage(nn.ModuleDict({"m": built}), config, backward, tmp_path / "s")
    ]
    assert looks[-1] < 0.5 * looks[0]
