"""How alike texts and pictures are: shingles, MinHash, looks; by hand, and against going through all pairs."""

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from synergy.data.likeness.minhash import MinHashIndex, rows_per_band, signature_of
from synergy.data.likeness.pictures import PictureIndex, look, num_bits_apart, pixel_hash
from synergy.data.likeness.shingles import jaccard, ngrams, normalised, shingles, words


def test_texts_are_the_same_but_for_case_and_spacing():
    assert normalised("  What is\n x+1? ") == normalised("what is x + 1 ?") == "what is x + 1 ?"
    assert normalised("x+1") != normalised("x-1")
    assert words("x+1, y") == ["x", "1", "y"]


def test_runs_of_words_are_hashed_by_what_they_say():
    one, other = ngrams(["a", "b", "c", "d"], 3), ngrams(["x", "a", "b", "c"], 3)
    assert len(one) == len(other) == 2
    assert one[0] == other[1]
    assert len(set(one.tolist()) | set(other.tolist())) == 3
    assert len(ngrams(["a", "b"], 3)) == 1
    assert ngrams(["a", "b"], 3)[0] != ngrams(["b", "a"], 3)[0]


def test_similarity_of_sets_is_the_shared_part():
    # "a b c d" and "a b c e": runs of 2 are {ab, bc, cd} and {ab, bc, ce}
    assert jaccard(shingles("a b c d", 2), shingles("a b c e", 2)) == pytest.approx(2 / 4)
    assert jaccard(shingles("", 2), shingles("", 2)) == 1
    assert jaccard(shingles("a", 2), shingles("", 2)) == 0


def test_signatures_agree_as_often_as_sets_are_alike():
    generator = np.random.default_rng(0)
    pool = np.unique(generator.integers(0, 1 << 63, 300, dtype=np.uint64))
    one, other = pool[:200], pool[100:]  # 100 of 300 in common
    share = float(np.mean(signature_of(one) == signature_of(other)))
    assert share == pytest.approx(1 / 3, abs=0.15)  # 128 draws: standard error 0.04


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8, 1.0])
def test_the_index_finds_what_all_pairs_find(threshold: float):
    generator = np.random.default_rng(1)
    pool = np.unique(generator.integers(0, 1 << 63, 4000, dtype=np.uint64))
    base = [pool[start : start + 40] for start in range(0, 2000, 100)]
    sets = base + [
        np.sort(np.concatenate([each[:size], pool[3000 : 3000 + 40 - size]])) for each in base for size in (25, 37)
    ]
    index = MinHashIndex(threshold)
    found = set[tuple[int, int]]()
    for number, each in enumerate(sets):
        found |= {(number, like) for like in index.alike(each)}
        assert index.add(each) == number
    expected = {
        (number, like)
        for number, each in enumerate(sets)
        for like in range(number)
        if jaccard(sets[like], each) >= threshold
    }
    assert found == expected
    assert (1 - threshold ** rows_per_band(threshold)) ** (128 // rows_per_band(threshold)) < 2e-3


def grid(number: int = 3, colour: str = "red") -> Image.Image:
    image = Image.new("RGB", (480, 360), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((30, 30, 180, 180), fill=colour)
    draw.ellipse((240, 60, 420, 240), fill="blue")
    draw.text((60, 210), str(number), fill="black", font_size=60)
    return image


def compressed(image: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    image.resize((image.width // 2, image.height // 2)).save(buffer, "JPEG", quality=90, subsampling=0)
    return Image.open(buffer)


def test_a_picture_scaled_and_compressed_looks_the_same_and_another_digit_does_not():
    index = PictureIndex(6, 15)
    assert index.add(look(grid(3))) == 0
    assert index.alike(look(compressed(grid(3)))) == [0]
    assert index.alike(look(grid(8))) == []
    assert num_bits_apart(look(grid(3)), look(grid(8))) <= 6  # the difference hash alone would say so
    assert pixel_hash(grid(3)) != pixel_hash(compressed(grid(3)))
    assert pixel_hash(grid(3)) == pixel_hash(grid(3).convert("RGBA"))


def test_two_colours_of_equal_brightness_are_two_things():
    red, green = (Image.new("RGB", (90, 80), "white") for _ in range(2))
    for image, colour in ((red, (200, 0, 0)), (green, (0, 102, 0))):
        ImageDraw.Draw(image).rectangle((20, 20, 70, 60), fill=colour)
    assert abs(red.convert("L").getpixel((40, 40)) - green.convert("L").getpixel((40, 40))) <= 1  # pyrefly: ignore
    assert num_bits_apart(look(red), look(green)) == 0  # both edges fall and rise in every channel
    index = PictureIndex(6, 15)
    index.add(look(red))
    assert index.alike(look(green)) == []


def test_the_index_of_pictures_grows():
    index = PictureIndex(0, 0)
    looks = [look(Image.new("RGB", (9, 8), (number % 256, number // 256, 0))) for number in range(1100)]
    assert [index.add(each) for each in looks] == list(range(1100))
    assert index.alike(looks[1099]) == [1099]
