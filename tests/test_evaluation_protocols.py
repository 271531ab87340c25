"""Protocols: what the shipped ones say, what is refused, how they ask and where they look for an answer."""

from pathlib import Path

import pytest
from evaluation_cases import protocol

from synergy.config.kinds import load_any
from synergy.config.protocol import ProtocolConfig
from synergy.config.resolve import config_hash
from synergy.config.shipped import load_protocol
from synergy.config.shipped_files import PROTOCOLS
from synergy.errors import FileError, InputError
from synergy.evaluation.asking import extraction_of, prompt_of
from synergy.evaluation.benchmark_sets import check_names
from synergy.prompts import ANSWER_TAGS, BOXED
from synergy.records import Problem


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_shipped_protocol_parses_bears_its_name_and_names_real_benchmarks(name: str):
    found = load_any(PROTOCOLS[name])
    assert isinstance(found, ProtocolConfig)
    assert found.name == name
    check_names([entry.benchmark for entry in found.suite])


def test_the_first_studys_is_as_published():
    found = load_protocol("synergy_dilemma")
    asked = found.response
    assert (asked.temperature, asked.top_p, asked.top_k, asked.max_tokens) == (0.6, 0.95, 20, 24 * 1024)
    assert found.num_runs == 4
    assert found.judge is not None
    assert found.judge.model == "Qwen/Qwen2.5-VL-32B-Instruct"
    assert [entry.benchmark for entry in found.suite] == ["mathvision", "mathverse", "mathvista", "mmmu", "mmstar"]
    assert found.metric_of("mathverse") == "all_versions"
    assert "asking.instruct_base" in found.ours
    assert prompt_of(found, is_tuned=True) == BOXED
    bare = prompt_of(found, is_tuned=False)
    assert bare is not None
    assert bare.user_text("How many?") == "How many?"
    with pytest.raises(InputError, match="give --tuned or --base"):
        prompt_of(found, is_tuned=None)


def test_the_second_studys_is_as_published():
    found = load_protocol("vlaa")
    assert found.response.max_tokens == 800
    assert found.images.max_pixels == 256 * 32 * 32
    assert {entry.benchmark: entry.metric for entry in found.suite} == {
        "mathvista": "overall",
        "mathvision": None,
        "mathverse": "vision_only",
        "dynamath": "worst_case",
        "wemath": "strict",
        "logicvista": None,
    }
    assert prompt_of(found, is_tuned=None) == ANSWER_TAGS
    theirs = load_protocol("vlaa", ["asking.system=Think, then answer."])
    asked = prompt_of(theirs, is_tuned=None)
    assert asked is not None
    assert asked.system == "Think, then answer."


def test_suites_name_metrics_that_the_benchmarks_have():
    from synergy.benchmarks.benchmark import Graded
    from synergy.benchmarks.registry import get_benchmark
    from synergy.records import AnswerKind, Verdict, VerdictStatus

    wrong = Verdict(status=VerdictStatus.WRONG, score=0.0, extracted=None, rule="a/b")
    tags = {"qid": "1", "question": "1", "ID": "1", "key": "2steps_1", "problem_version": "Vision Only"}
    asked = Problem(id="1", question="?", answer="A", answer_kind=AnswerKind.TEXT, tags=tags)
    for name in ("vlaa", "synergy_dilemma"):
        for entry in load_protocol(name).suite:
            benchmark = get_benchmark(entry.benchmark)
            found = benchmark.metrics([Graded(problem=asked, verdict=wrong)])
            assert (entry.metric or benchmark.main_metric) in found


def test_a_file_of_ones_own_extends_a_shipped_one_by_name(tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text("extends: vlaa\nname: longer\nresponse: {max_tokens: 2048}\n")
    found = load_protocol(str(path), ["num_runs=2"])
    assert (found.name, found.response.max_tokens, found.num_runs) == ("longer", 2048, 2)
    assert found.images.max_pixels == 262_144


def test_names_do_not_make_scores_incomparable_and_settings_do():
    left, right = protocol(name="one", source="here"), protocol(name="other", suite=[{"benchmark": "mmstar"}])
    assert config_hash(left.comparable) == config_hash(right.comparable)
    assert config_hash(left.comparable) != config_hash(protocol(num_runs=2).comparable)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"asking": {"preset": "boxd"}}, "unknown prompt preset 'boxd' (did you mean 'boxed'?)"),
        ({"asking": {"preset": None}, "extraction": "preset"}, "expected a preset, or extraction: any"),
        ({"suite": [{"benchmark": "mmmu"}, {"benchmark": "mmmu"}]}, "suite names mmmu twice"),
        ({"ours": ["response.top_q"]}, "ours names 'response.top_q', which is no field"),
        ({"images": {"min_pixels": 9, "max_pixels": 4}}, "min_pixels 9 above max_pixels 4"),
        ({"num_run": 2}, "unknown key 'num_run' (did you mean 'num_runs'?)"),
    ],
)
def test_what_is_no_protocol_is_one_line(values: dict[str, object], words: str):
    with pytest.raises(InputError) as caught:
        protocol(**values)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_protocol_names_the_nearest():
    with pytest.raises(FileError, match=r"no protocol 'vla' \(did you mean 'vlaa'\?\)"):
        load_protocol("vla")


def test_where_an_answer_is_looked_for():
    assert extraction_of(protocol(extraction="any")) is None
    assert extraction_of(protocol(extraction="preset")) == BOXED
    assert prompt_of(protocol(asking={"preset": None}), is_tuned=None) is None
    system = prompt_of(protocol(asking={"preset": None, "system": "Be brief."}), is_tuned=None)
    assert system is not None
    assert (system.system, system.user_text("How many?")) == ("Be brief.", "How many?")
