"""Pictures turned into something else: what changes, what stays, and that older steps keep their keys."""

from collections import Counter
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image

from synergy.cli.eval import evaluate
from synergy.config.data import ImagesAs, PocketDataConfig
from synergy.config.resolve import resolved
from synergy.config.shipped import load_protocol
from synergy.data.corruption import GREY, Corruption, blank, noisy
from synergy.data.examples import Examples
from synergy.data.load import open_data
from synergy.errors import InputError
from synergy.evaluation.corrupted_set import renamed, with_images
from synergy.evaluation.pocket_set import pocket_set
from synergy.records import AnswerKind, Problem


def pocket(images: ImagesAs = "shown", *, twins: bool = False, num: int = 24) -> Examples:
    return open_data(PocketDataConfig(source="pocket", num_problems=num, images=images, twins=twins))


def problem(name: str, color: str, family: str = "count") -> Problem:
    return Problem(
        id=name,
        question="How many?",
        answer="3",
        answer_kind=AnswerKind.INTEGER,
        family=family,
        images=(Image.new("RGB", (8, 4), color),),
    )


@pytest.mark.parametrize("how", ["blank", "swapped", "noise"])
def test_nothing_but_the_picture_changes(how: ImagesAs):
    shown, changed = pocket(), pocket(how)
    assert (changed.ids, changed.has_demonstrations, len(changed)) == (shown.ids, True, len(shown))
    for index in range(len(shown)):
        one, other = shown[index], changed[index]
        assert (one.problem.question, one.problem.answer) == (other.problem.question, other.problem.answer)
        assert one.demonstrations == other.demonstrations
        assert one.problem.images[0].tobytes() != other.problem.images[0].tobytes()
        assert changed[index].problem.images[0].tobytes() == other.problem.images[0].tobytes(), "the same each time"


def test_blank_is_grey_of_the_same_size_and_text_stays_text():
    image = blank(Image.new("RGBA", (7, 5), "red"))
    assert (image.size, image.mode) == ((7, 5), "RGB")
    assert set(np.asarray(image).ravel().tolist()) == {GREY}
    seen, read = pocket("blank", twins=True), pocket(twins=True)
    assert [seen[index].problem for index in range(len(seen))] == [read[index].problem for index in range(len(read))]


def test_noise_is_normal_and_belongs_to_the_problem():
    grey = Image.new("RGB", (200, 200), (128, 128, 128))
    found = np.asarray(noisy(grey, "a"), dtype=float)
    inside = np.abs(found - 128) < 64  # half a standard deviation to both sides: 38 % of a normal distribution
    assert inside.mean() == pytest.approx(0.383, abs=0.01)
    assert np.array_equal(found, np.asarray(noisy(grey, "a")))
    assert not np.array_equal(found, np.asarray(noisy(grey, "b")))


def test_swapped_pictures_are_others_of_the_same_family():
    shown, swapped = pocket(), pocket("swapped")
    owner = {shown[index].problem.images[0].tobytes(): shown[index].problem for index in range(len(shown))}
    for index in range(len(shown)):
        mine = shown[index].problem
        donor = owner[swapped[index].problem.images[0].tobytes()]
        assert donor.id != mine.id
        assert donor.family == mine.family


def test_twins_of_one_picture_are_not_swapped_with_each_other():
    problems = [problem("a", "red"), problem("b", "red"), problem("c", "blue", family="sum")]
    corruption = Corruption("swapped", 3, problems.__getitem__)
    got = [corruption.of(index, each).images[0].getpixel((0, 0)) for index, each in enumerate(problems)]
    assert got == [(0, 0, 255), (0, 0, 255), (255, 0, 0)], "another family's, as its own has one picture alone"
    with pytest.raises(InputError, match="no other problem looked at has another picture"):
        Corruption("swapped", 2, problems.__getitem__).of(0, problems[0])


def test_a_section_with_pictures_shown_is_what_it_was_before():
    section = {"source": "pocket", "num_problems": 3}
    assert "images" not in resolved(PocketDataConfig.model_validate(section))
    changed = resolved(PocketDataConfig.model_validate({**section, "images": "noise"}))
    assert changed["images"] == "noise"


def test_an_evaluation_set_with_other_pictures_has_a_name_of_its_own():
    on = pocket_set(num_problems=12, families=["count", "sum"])
    assert with_images(on, "shown") is on
    changed = renamed(on, "swapped", load_protocol("pocket", ()))
    assert (changed.name, changed.main_metric) == ("pocket-swapped", "accuracy")
    assert changed.data.endswith("images swapped")
    assert [each.id for each in changed.texts()] == [each.id for each in on.texts()]
    assert not any(each.images for each in changed.texts())
    before, after = ([each.images[0].tobytes() for each in some.shown(range(12))] for some in (on, changed))
    assert not any(one == other for one, other in zip(before, after, strict=True))
    assert sum(Counter(after).values()) == 12


def test_the_command_offers_every_kind():
    option: Any = next(each for each in evaluate.params if each.name == "images")
    assert tuple(option.type.choices) == get_args(ImagesAs)
