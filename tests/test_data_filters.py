"""Filters of rows: what each drops and why, what is counted, what the written table keeps."""

import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from evaluation_cases import Silent
from PIL import Image, ImageDraw
from shared_data import shared_file
from tokenizers import Tokenizer

from synergy.config.filters import FilterConfig
from synergy.config.load import build
from synergy.data.filters.language import english_share, script_share
from synergy.data.filters.repetition import compression, repeated_share
from synergy.data.load import open_data
from synergy.errors import FileError, InputError
from synergy.evaluation.filtered_file import FILTERED, FilteredFile
from synergy.evaluation.filtering import filter_table
from synergy.pocket.export import export
from synergy.pocket.world import items


def row(number: int, **values: Any) -> dict[str, Any]:
    base = {"id": f"q{number}", "question": f"What is {number} plus {number}?", "answer": "4", "answer_kind": "integer"}
    return {**base, "source": "sums", "by_hand": f"It is {number} twice.", **values}


def table(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "problems.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in rows))
    return path


def filtered(path: Path, folder: Path, *filters: dict[str, Any], **data: Any) -> FilteredFile:
    section = {"source": "file", "path": str(path), "trace_column": "by_hand", **data}
    config = build(FilterConfig, {"kind": "filter", "data": section, "filters": list(filters)}, label="test")
    return filter_table(config, folder, Silent())


def gone(found: FilteredFile, number: int = 0) -> dict[str, str]:
    return {each.id: each.why for each in found.filters[number].rows}


def kept(folder: Path) -> list[str]:
    return pq.read_table(folder / "data.parquet")["id"].to_pylist()


def png(folder: Path, name: str, image: Image.Image) -> str:
    image.save(folder / name)
    return name


def drawn(number: int, size: tuple[int, int] = (280, 280)) -> Image.Image:
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).rectangle((20 * number, 40, 20 * number + 60, 160), fill="red")
    return image


def test_a_funnel_shows_each_filter_what_is_left_and_counts_by_source(tmp_path: Path):
    rows = [
        row(0, by_hand="yes"),
        row(1, by_hand="one two three four five six"),
        row(2, by_hand="短 短 短", source="other"),
        row(3),
        row(4, question="What is  3 PLUS 3?", source="other"),
    ]
    filters = [
        {"by": "length", "min_trace": 2, "max_trace": 5},
        {"by": "language"},
        {"by": "exact_duplicates"},
    ]
    found = filtered(table(tmp_path, *rows), tmp_path / "out", *filters)
    assert [(each.by, each.num_in, each.num_out, each.dropped) for each in found.filters] == [
        ("length", 5, 3, {"trace_too_short": 1, "trace_too_long": 1}),
        ("language", 3, 2, {"trace_in_another_script": 1}),
        ("exact_duplicates", 2, 1, {"same": 1}),
    ]
    assert found.filters[2].rows[0].model_dump() == {"id": "q4", "why": "same", "like": "q3"}
    assert found.by_source == {"sums": (3, 1), "other": (2, 0)}
    assert found.filters[1].by_source["other"].model_dump() == {
        "num_in": 2,
        "num_out": 1,
        "dropped": {"trace_in_another_script": 1},
    }
    assert kept(tmp_path / "out") == ["q3"]
    assert json.loads((tmp_path / "out" / FILTERED).read_text()) == found.model_dump(mode="json")


def test_the_table_keeps_all_columns_and_the_schema(tmp_path: Path):
    list(export(items("train", 8, families=("count", "locate")), tmp_path, "train"))
    path = tmp_path / "train.parquet"
    before = pq.read_table(path)
    found = filtered(path, tmp_path / "out", {"by": "cues", "keep": "with"}, trace_column="long_trace")
    after = pq.read_table(tmp_path / "out" / "data.parquet")
    assert after.schema.equals(before.schema, check_metadata=True)
    wanted = [number for number, each in enumerate(before["id"].to_pylist()) if each not in gone(found)]
    assert 0 < len(wanted) < 8
    assert after.equals(before.take(wanted))


def test_pictures_beside_a_table_go_into_it_and_broken_ones_are_dropped(tmp_path: Path):
    (tmp_path / "torn.png").write_bytes((io.BytesIO(b"\x89PNG\r\n\x1a\n torn")).read())
    rows = [
        row(0, images=[png(tmp_path, "good.png", drawn(1))]),
        row(1, images=["torn.png"]),
        row(2, images=["nowhere.png"]),
        row(3, images=[png(tmp_path, "small.png", drawn(1, (27, 400)))]),
        row(4, images=[png(tmp_path, "long.png", drawn(1, (30, 900)))]),
        row(5, images=[png(tmp_path, "blank.png", Image.new("RGB", (100, 100), "white"))]),
        row(6),
        row(7, images=[png(tmp_path, "large.png", drawn(1, (500, 100)))]),
        row(8, images=["good.png", "blank.png"]),
    ]
    path = table(tmp_path, *rows)
    found = filtered(
        path, tmp_path / "out", {"by": "images", "required": True, "max_side_pixels": 900, "max_aspect": 20}
    )
    assert gone(found) == {
        "q1": "cannot_be_decoded",
        "q2": "cannot_be_decoded",
        "q3": "too_small",
        "q4": "too_long",
        "q5": "blank",
        "q6": "no_picture",
        "q8": "blank",
    }
    again = filtered(path, tmp_path / "narrow", {"by": "images", "max_side_pixels": 400})
    assert gone(again)["q7"] == "too_large"
    (image,) = pq.read_table(tmp_path / "out" / "data.parquet").to_pylist()[0]["images"]
    assert image == {"bytes": (tmp_path / "good.png").read_bytes(), "path": "good.png"}
    config = {"source": "file", "path": str(tmp_path / "out" / "data.parquet"), "trace_column": "by_hand"}
    data = build(FilterConfig, {"kind": "filter", "data": config, "filters": [{"by": "images"}]}, label="test").data
    assert open_data(data)[0].problem.images[0].size == (280, 280)
    with pytest.raises(FileError, match=r"problem 'q2': a picture cannot be read .*: add the filter images"):
        filtered(table(tmp_path, row(0), row(2, images=["nowhere.png"])), tmp_path / "bad", {"by": "length"})
    assert not (tmp_path / "bad" / "data.parquet").exists()


def test_duplicates_by_both_by_text_and_by_picture(tmp_path: Path):
    one, two = png(tmp_path, "one.png", drawn(1)), png(tmp_path, "two.png", drawn(5))
    drawn(1).resize((200, 200)).save(tmp_path / "scaled.jpg", quality=90, subsampling=0)
    asked = "How many red cells are there in the picture, counting the upper row too?"
    rows = [
        row(0, question=asked, images=[one]),
        row(1, question=asked, images=[two]),
        row(2, question=asked.upper(), images=[one]),
        row(3, question=asked.replace("too", "as well"), images=["scaled.jpg"]),
        row(4, question="What is blue?", images=[one]),
        row(5, question=asked),
    ]
    path = table(tmp_path, *rows)
    both = filtered(path, tmp_path / "a", {"by": "exact_duplicates"})
    assert {each.id: each.like for each in both.filters[0].rows} == {"q2": "q0"}
    text = filtered(path, tmp_path / "b", {"by": "exact_duplicates", "of": "text"})
    assert {each.id: each.like for each in text.filters[0].rows} == {"q1": "q0", "q2": "q0", "q5": "q0"}
    images = filtered(path, tmp_path / "c", {"by": "exact_duplicates", "of": "images"})
    assert {each.id: each.like for each in images.filters[0].rows} == {"q2": "q0", "q4": "q0"}
    near = filtered(path, tmp_path / "d", {"by": "near_duplicates", "min_jaccard": 0.7})
    assert {each.id: each.like for each in near.filters[0].rows} == {"q2": "q0", "q3": "q0"}
    near_text = filtered(path, tmp_path / "e", {"by": "near_duplicates", "of": "text", "min_jaccard": 0.7})
    assert set(gone(near_text)) == {"q1", "q2", "q3", "q5"}
    near_images = filtered(path, tmp_path / "f", {"by": "near_duplicates", "of": "images"})
    assert set(gone(near_images)) == {"q2", "q3", "q4"}
    with_answers = filtered(path, tmp_path / "g", {"by": "exact_duplicates", "texts": ["question", "trace"]})
    assert not gone(with_answers)


def test_contamination_by_runs_of_words_and_by_pictures(tmp_path: Path):
    one, two = png(tmp_path, "one.png", drawn(1)), png(tmp_path, "two.png", drawn(5))
    long = "A train leaves the station at noon and travels east at sixty miles an hour for two hours"
    (tmp_path / "sets").mkdir()
    drawn(1).save(tmp_path / "sets" / "seen.png")
    tests = [
        row(100, question=f"{long}. How far is it?"),
        row(101, question="Find x.", images=["seen.png"]),
        row(102, question="Name a prime."),
    ]
    theirs = table(tmp_path / "sets", *tests)
    rows = [
        row(0, question=f"Once upon a time: {long.lower()}!"),
        row(1, question="A train leaves the station at noon and travels west at sixty miles an hour"),
        row(2, question="Find x.", images=[two]),
        row(3, question="Find y.", images=[one]),
        row(4, question="name a PRIME."),
        row(5, question="Find x.", images=[one]),
    ]
    path = table(tmp_path, *rows)
    against = {"mine": {"source": "file", "path": str(theirs)}}

    def found(when: str, **values: Any) -> dict[str, str | None]:
        made = filtered(path, tmp_path / when, {"by": "contamination", "when": when, "against": against, **values})
        return {each.id: each.like for each in made.filters[0].rows}

    assert found("either") == {"q0": "mine/q100", "q3": "mine/q101", "q4": "mine/q102", "q5": "mine/q101"}
    assert set(found("text")) == {"q0", "q4"}
    assert set(found("images")) == {"q3", "q5"}
    assert set(found("both")) == {"q5"}
    assert set(found("text", ngram_words=8)) == {"q0", "q1", "q4"}
    measured = filtered(path, tmp_path / "m", {"by": "contamination", "against": against}).filters[0].measured
    assert measured == {"num_evaluation_problems": 3, "rows_with_shared": {"text": 2, "images": 2, "both": 1}}


def test_contamination_with_a_split_of_the_pocket_and_a_benchmark(tmp_path: Path):
    list(export(items("evaluation", 6, families=("sum",)), tmp_path, "theirs"))
    fixture = Path(__file__).parent / "fixtures" / "mmstar.tsv"
    against = {
        "pocket": {"source": "pocket", "split": "evaluation", "num_problems": 6, "families": ["sum"]},
        "mmstar": {"source": "benchmark", "benchmark": "mmstar", "path": str(fixture)},
    }
    with pytest.raises(InputError, match="no row stays"):
        filtered(
            tmp_path / "theirs.parquet",
            tmp_path / "out",
            {"by": "contamination", "when": "both", "against": against},
            trace_column="long_trace",
        )
    list(export(items("train", 6, families=("sum",)), tmp_path, "ours"))
    kwargs = {"by": "contamination", "when": "both", "against": against}
    assert not gone(filtered(tmp_path / "ours.parquet", tmp_path / "out", kwargs, trace_column="long_trace"))


def test_cues_by_substring_and_by_word(tmp_path: Path):
    traces = [
        "He leans against it.",
        "Wait, I will check.",
        "Two and two are four.",
        "Checked. Double-check it.",
        "HMM",
    ]
    path = table(tmp_path, *(row(number, by_hand=trace) for number, trace in enumerate(traces)))
    found = filtered(path, tmp_path / "out", {"by": "cues", "keep": "without", "match": "word"})
    assert set(gone(found)) == {"q1", "q3", "q4"}
    assert found.filters[0].measured == {
        "traces_with_cues": {"substring": 4, "word": 3},
        "traces_by_keyword": {
            "wait": {"substring": 1, "word": 1},
            "again": {"substring": 1, "word": 0},
            "double-check": {"substring": 1, "word": 1},
            "hmm": {"substring": 1, "word": 1},
            "mistake": {"substring": 0, "word": 0},
            "alternatively": {"substring": 0, "word": 0},
            "check": {"substring": 2, "word": 2},
            "i should confirm": {"substring": 0, "word": 0},
        },
    }
    assert set(gone(filtered(path, tmp_path / "b", {"by": "cues", "keep": "with"}))) == {"q2"}
    with pytest.raises(InputError, match=r"cues with data without traces; expected data\.trace_column"):
        filtered(path, tmp_path / "c", {"by": "cues"}, trace_column=None)


def test_repetition_in_words_and_in_bytes():
    # 4 words thrice: 12 words, runs of 4: 9, of which 4 are different
    assert repeated_share("a b c d " * 3, 4) == pytest.approx(1 - 4 / 9)
    assert repeated_share("a b c", 4) == 0
    assert compression("abc " * 200) > 6 > compression("".join(chr(97 + n * n % 26) for n in range(40)))


def test_repeated_traces_go(tmp_path: Path):
    loop = "So the answer is four because two and two make four as we saw before. " * 8
    path = table(tmp_path, row(0), row(1, by_hand=loop), row(2, by_hand="12" * 400))
    found = filtered(path, tmp_path / "out", {"by": "repetition"})
    assert gone(found) == {"q1": "repeated_words", "q2": "compressible"}


def test_scripts_and_english():
    assert script_share("Let x be π, 求", ["latin", "greek"]) == 7 / 8
    assert script_share("abcπ", ["latin"]) == 0.75
    assert script_share("𝐱 + 12", ["latin"]) == 1  # bold x of mathematics
    assert script_share("12 + 3 = 15", ["latin"]) == 1
    assert script_share("三角形 ABC", ["cjk"]) == 0.5
    english = (
        "The area of the triangle is half of the base times the height, so it is equal to six in all of the cases."
    )
    german = (
        "Die Fläche eines Dreiecks ist die halbe Grundseite mal Höhe, also sechs, und das gilt hier für jede Lage so."
    )
    assert english_share(english) > 0.4
    assert english_share(german) < 0.15
    assert english_share("kurz") == 1


def test_commands_of_latex_are_no_letters(tmp_path: Path):
    path = table(tmp_path, row(0, question=r"\frac{1}{2} 求解"), row(1, question=r"\angle ABC = \pi"))
    found = filtered(path, tmp_path / "out", {"by": "language", "texts": ["question"]})
    assert gone(found) == {"q0": "question_in_another_script"}


def test_length_in_tokens(tmp_path: Path, weights: Path):
    path = table(tmp_path, row(0, by_hand="2 + 2 = 4"), row(1, by_hand="2 + 2 = 4 and so on"))
    most = {"by": "length", "unit": "tokens", "tokenizer": str(weights)}
    num = len(Tokenizer.from_file(str(weights / "tokenizer.json")).encode("2 + 2 = 4", add_special_tokens=False).ids)
    found = filtered(path, tmp_path / "out", {**most, "max_trace": num})
    assert gone(found) == {"q1": "trace_too_long"}
    with pytest.raises(InputError, match="expected a tokenizer for tokens alone"):
        filtered(path, tmp_path / "x", {"by": "length", "unit": "tokens"})
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(FileError, match="holds no tokenizer"):
        filtered(path, tmp_path / "x", {**most, "tokenizer": str(tmp_path)})


def test_a_window_of_pass_rates(tmp_path: Path):
    rates = [0.0, 0.5, 1.0, None]
    path = table(tmp_path, *(row(number, rate=rate) for number, rate in enumerate(rates)))
    window = {"by": "pass_rate", "column": "rate", "at_least": 0.1, "at_most": 0.9}
    found = filtered(path, tmp_path / "out", window)
    assert gone(found) == {"q0": "rate_too_low", "q2": "rate_too_high", "q3": "no_rate"}
    with pytest.raises(InputError, match="column none is None; expected a share"):
        filtered(path, tmp_path / "x", {**window, "column": "none"})
    with pytest.raises(InputError, match="column rate is 3; expected a share"):
        filtered(table(tmp_path, row(0, rate=3)), tmp_path / "x", window)


def test_what_cannot_be_filtered_is_said(tmp_path: Path):
    path = table(tmp_path, row(0), row(0))
    with pytest.raises(InputError, match="two problems have the id 'q0'"):
        filtered(path, tmp_path / "x", {"by": "length"})
    with pytest.raises(InputError, match=r"no row stays \(the last filter, length, dropped"):
        filtered(table(tmp_path, row(0)), tmp_path / "x", {"by": "length", "min_question": 50})
    with pytest.raises(InputError, match=r"problem 1 \('q0'\): column by_hand is None; expected a text"):
        filtered(table(tmp_path, row(0, by_hand=None)), tmp_path / "x", {"by": "length"})
    with pytest.raises(InputError, match="filter blind without asked"):
        filtered(path, tmp_path / "x", {"by": "blind", "response": {"temperature": 1.0, "max_tokens": 8}})
    with pytest.raises(InputError, match="lengt"):
        filtered(path, tmp_path / "x", {"by": "lengt"})
    listed = table(tmp_path, row(0, tags=[]), row(1, tags=["a"]), row(2, tags=None))
    filtered(listed, tmp_path / "tags", {"by": "length"})
    assert pq.read_table(tmp_path / "tags" / "data.parquet")["tags"].to_pylist() == [[], ["a"], None]
    nested = table(tmp_path, row(0, tags=["a"]), row(1, tags=["a", 3]))
    with pytest.raises((FileError, InputError), match=r"tags|fit the columns"):
        filtered(nested, tmp_path / "x", {"by": "length"})
    mixed = table(tmp_path, row(0, extra="a"), row(1, extra=2))
    with pytest.raises(FileError, match=r"column extra has values of several types \(int, str\)"):
        filtered(mixed, tmp_path / "x", {"by": "length"})


def test_another_layout_with_a_folder_of_tables(tmp_path: Path):
    folder = shared_file("puzzlevqa", "PuzzleVQA", "circle_size_number.json").parent
    data = {"layout": "puzzlevqa", "trace_column": "trace", "num_problems": 40}
    found = filtered(folder, tmp_path / "out", {"by": "images"}, {"by": "exact_duplicates"}, **data)
    assert (found.num_in, found.num_out) == (40, 40)
    section = {"source": "file", "path": str(folder), **data}
    config = build(FilterConfig, {"kind": "filter", "data": section, "filters": [{"by": "cues"}]}, label="test")
    assert kept(tmp_path / "out") == list(open_data(config.data).ids)
