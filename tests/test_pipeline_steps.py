"""What each step makes of a reply, prompts, cues, and functions of one's own; numbers by hand."""

from collections import Counter
from pathlib import Path

import pytest
from pipeline_cases import document

from synergy.config.pipeline_steps import CaptionConfig, ChatSamplingConfig, FunctionConfig, RewriteConfig, SplitConfig
from synergy.data.pipeline.requests import ChatRequest, request_key
from synergy.data.pipeline.sample import Fate, Outcome, Sample
from synergy.data.pipeline.steps.asking_step import choose_endpoint
from synergy.data.pipeline.steps.caption import read_caption
from synergy.data.pipeline.steps.distil import read_trace
from synergy.data.pipeline.steps.function import FunctionStep
from synergy.data.pipeline.steps.registry import open_templates
from synergy.data.pipeline.steps.rewrite import read_rewrite
from synergy.data.pipeline.steps.split import SplitStep
from synergy.data.pipeline.steps.verify import read_verdict
from synergy.data.pipeline.templates import PromptTemplate, open_template
from synergy.errors import FileError, InputError
from synergy.records import AnswerKind, Problem
from synergy.statistics.cues import AHA_KEYWORDS, cues_as_words, cues_within

REWRITE = RewriteConfig(step="rewrite", endpoints={"a": 1.0})
WORDS_20 = " ".join(["word"] * 20)


def sample(**fields: str) -> Sample:
    problem = Problem(id="1", question="How many?", answer="4", answer_kind=AnswerKind.INTEGER)
    blank = dict.fromkeys(("caption", "extra", "reasoning", "conclusion"), "")
    return Sample(key="s/1", source="s", problem=problem, fields={**blank, **fields})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("<think>Two and two.</think> It is 4.", ("Two and two.", "It is 4.")),
        ("Two and two.</think>\nIt is 4.\n", ("Two and two.", "It is 4.")),  # the chat template opened it
        ("It is 4.", None),
        ("<think>Two and two.</think>", None),
        ("<think></think>It is 4.", None),
        ("<think>never ends", None),
        ("<think>a</think>b<think>c</think>d", None),
    ],
)
def test_a_trace_needs_reasoning_and_an_answer_behind_it(text: str, found: tuple[str, str] | None) -> None:
    outcome = read_trace(sample(), text)
    if found is None:
        assert (outcome.drop, outcome.is_unusable) == ("malformed", True)
    else:
        assert outcome.changed == {"reasoning": found[0], "conclusion": found[1]}


@pytest.mark.parametrize(
    ("num_words", "drop"), [(35, None), (36, "length_changed"), (5, None), (4, "length_changed"), (20, None)]
)
def test_rewriting_may_change_the_length_by_15_words(num_words: int, drop: str | None) -> None:
    before = sample(reasoning=WORDS_20, conclusion="four")  # 21 words
    text = f"<think>{' '.join(['other'] * num_words)}</think>four"
    outcome = read_rewrite(REWRITE, before, text)
    assert outcome.drop == drop
    assert outcome.details == {"word_change": num_words + 1 - 21}


def test_what_the_rewriter_left_over_is_dropped_where_asked_for() -> None:
    before = sample(reasoning="The caption says four.", conclusion="four")
    same = "<think>The caption says four.</think>four"
    assert read_rewrite(REWRITE, before, same).drop is None
    strict = REWRITE.model_copy(update={"left_over": ("the caption",)})
    assert read_rewrite(strict, before, same).drop == "left_over"
    thinking_first = "<think>Let me see.</think><think>The image says four.</think>four"
    assert read_rewrite(strict, before, thinking_first).changed["reasoning"] == "The image says four."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Yes", Outcome()),
        (" yes.\n", Outcome()),
        ("<think>hm</think>**Yes**", Outcome()),
        ("No", Outcome(drop="wrong_answer")),
        ("No, it is 5", Outcome(drop="malformed", is_unusable=True)),
        ("Yes and no", Outcome(drop="malformed", is_unusable=True)),
        ("<think>Yes", Outcome(drop="malformed", is_unusable=True)),
    ],
)
def test_only_yes_verifies(text: str, expected: Outcome) -> None:
    assert read_verdict(sample(), text) == expected


def test_a_caption_has_words() -> None:
    config = CaptionConfig(step="caption", endpoints={"a": 1.0})
    assert read_caption(config, sample(), "<think>x</think> A red dot. ").changed == {"caption": "A red dot."}
    assert read_caption(config, sample(), "A dot").drop == "malformed"


def test_cues_count_inside_words_by_the_study_and_not_as_words() -> None:
    text = "He leans against it and checked. Hmm, WAIT."
    assert cues_within(text) == ["wait", "again", "hmm", "check"]
    assert cues_as_words(text) == ["wait", "hmm"]
    assert cues_within("double-check") == ["double-check", "check"]
    assert cues_as_words("a double-check") == ["double-check", "check"]
    assert len(AHA_KEYWORDS) == 8


def test_split_by_either_rule() -> None:
    against = sample(reasoning="It leans against it.")
    record = SplitStep(SplitConfig(step="split")).run(against)
    assert record.details == {"pool": "rl", "cues": ["again"], "cues_as_words": []}
    as_words = SplitStep(SplitConfig(step="split", whole_words=True)).run(against)
    assert as_words.details["pool"] == "sft"


def test_shipped_templates_say_what_the_study_asks_for() -> None:
    values = sample(caption="CAP", extra="EXTRA", reasoning="WHY", conclusion="SO").values()
    prompts = {name: "\n".join(each.render(values)) for name, each in open_templates(document()).items()}
    assert "verbatim" in prompts["caption"] or "letter for letter" in prompts["caption"]
    assert "LaTeX" in prompts["caption"]
    assert "Markdown" in prompts["caption"]
    assert "EXTRA" in prompts["caption"]
    assert all(word in prompts["distil"] for word in ("CAP", "EXTRA", "How many?", "<think>", "never of a caption"))
    assert "<think>WHY</think>SO" in prompts["rewrite"]
    assert all(word in prompts["rewrite"] for word in ('"the image"', "line breaks", "punctuation", "alone"))
    assert all(word in prompts["verify"] for word in ("<reference>4</reference>", "SO", "Yes or No only"))
    assert "4</reference>" not in prompts["caption"] + prompts["distil"] + prompts["rewrite"]
    without = "\n".join(open_template("distil", None, tuple(values)).render({**values, "caption": "", "extra": ""}))
    assert "<image>" not in without
    assert "<extra>" not in without


def test_templates_are_checked_when_opened(tmp_path: Path) -> None:
    fields = ("question", "caption")
    with pytest.raises(InputError, match=r"unknown field 'captoin' \(did you mean 'caption'\?\); it may use: question"):
        PromptTemplate("t", "{% block system %}{% endblock %}{% block user %}{{ captoin }}{% endblock %}", fields)
    with pytest.raises(InputError, match="no block user"):
        PromptTemplate("t", "{% block system %}{{ question }}{% endblock %}", fields)
    with pytest.raises(InputError, match="template t, line 2: "):
        PromptTemplate("t", "\n{% block user %}{{ question }", fields)
    with pytest.raises(FileError, match="cannot be read"):
        open_template("caption", tmp_path / "missing.jinja", fields)
    escaping = "{% block system %}{% endblock %}{% block user %}{{ question.__class__.__mro__ }}{% endblock %}"
    with pytest.raises(InputError, match="cannot be filled in"):
        PromptTemplate("t", escaping, fields).render({"question": "q", "caption": ""})


def test_endpoints_are_chosen_by_weight_and_always_the_same() -> None:
    weights = {"a": 3.0, "b": 1.0, "never": 1e-12}
    chosen = [choose_endpoint(weights, f"s/{number}", "caption") for number in range(4000)]
    counts = Counter(chosen)
    assert 2850 < counts["a"] < 3150  # 3000 ± 5 standard deviations of 27
    assert set(counts) == {"a", "b"}
    assert chosen == [choose_endpoint(weights, f"s/{number}", "caption") for number in range(4000)]


def test_a_request_is_known_by_all_that_is_asked_and_by_nothing_else() -> None:
    from PIL import Image

    def key(**changes: object) -> str:
        values: dict[str, object] = {
            "model": "m",
            "system": "s",
            "user": "u",
            "images": (Image.new("RGB", (2, 2), "red"),),
            "sampling": ChatSamplingConfig(),
        }
        return request_key(ChatRequest(**{**values, **changes}).asked)  # type: ignore[arg-type]

    others = [
        key(model="n"),
        key(system=""),
        key(user="v"),
        key(images=(Image.new("RGB", (2, 2), "blue"),)),
        key(images=()),
        key(sampling=ChatSamplingConfig(temperature=1.0)),
        key(sampling=ChatSamplingConfig(extra={"x": 1})),
        key(attempt=1),
    ]
    assert len({key(), *others}) == 9
    assert key() == key(images=(Image.new("RGB", (2, 2), "red"),))


def test_a_function_changes_or_drops(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(
        "def shout(sample):\n"
        "    if sample['question'] == 'How many?' and not sample['caption']:\n"
        "        return {'drop': 'no_caption'}\n"
        "    return {'caption': sample['caption'].upper(), 'note': sample['id']}\n"
        "def wrong(sample): return {'question': 'x'}\n"
        "def fails(sample): raise KeyError('k')\n"
    )

    def step(name: str) -> FunctionStep:
        return FunctionStep(FunctionConfig(step="function", name="own", path=f"{file}:{name}", sets=("note",)))

    assert step("shout").run(sample(caption="dot")).changed == {"caption": "DOT", "note": "s/1"}
    dropped = step("shout").run(sample())
    assert (dropped.fate, dropped.reason, dropped.changed) == (Fate.DROPPED, "no_caption", {})
    with pytest.raises(InputError, match="returned question: str; expected a mapping of texts by field, of: caption"):
        step("wrong").run(sample())
    with pytest.raises(InputError, match=r"pipeline function .*own.py:fails: failed at s/1 \(KeyError"):
        step("fails").run(sample())
    with pytest.raises(InputError, match="the file has no function none"):
        step("none")
