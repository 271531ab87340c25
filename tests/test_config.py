"""Config files: what loads, what is refused and with which words, what a hash and a diff depend on."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

import synergy
from synergy.config.base import Config
from synergy.config.build import PocketBuildConfig, VisionConfig
from synergy.config.diff import ABSENT, diff
from synergy.config.kinds import load_any
from synergy.config.load import load
from synergy.config.resolve import config_hash, write_resolved
from synergy.errors import FileError, InputError, SynergyError

SHIPPED = sorted((Path(synergy.__file__).parent / "pocket" / "configs").glob("*.yaml"))
SMALL = next(path for path in SHIPPED if path.stem == "small")


class Sft(Config):
    name: Literal["sft"]
    learning_rate: float


class Rl(Config):
    name: Literal["rl"]
    clip: float = 0.2
    """how far the ratio may go from 1"""


class Study(Config):
    arms: list[Annotated[Sft | Rl, Field(discriminator="name")]]
    by_model: dict[str, Rl] = Field(default={})
    fallback: Rl | None = None
    folder: Path = Path("runs")
    title: str = ""
    seeds: tuple[int, ...] = (0,)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "study.yaml"
    path.write_text("arms:\n- {name: sft, learning_rate: 1e-3}\n- {name: rl}\nby_model:\n  qwen: {name: rl}\n")
    return path


def refusal(path: Path, *overrides: str, cls: type[Config] = Study) -> str:
    with pytest.raises(SynergyError) as caught:
        load(path, cls, overrides)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_config_parses_and_bears_its_file_name(path: Path) -> None:
    config = load_any(path)
    assert isinstance(config, PocketBuildConfig)
    assert config.size == path.stem


def test_importing_config_imports_no_torch() -> None:
    code = "import sys, synergy.config.kinds, synergy.config.diff; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_overrides_reach_lists_dicts_and_empty_sections(study: Path) -> None:
    config = load(
        study,
        Study,
        [
            "arms.1.clip=0.3",
            "by_model.qwen.clip=.4",
            "fallback.name=rl",
            "folder=/data",
            "seeds=[1, 2]",
            "seeds=[3]",
        ],
    )
    assert config.arms == [Sft(name="sft", learning_rate=0.001), Rl(name="rl", clip=0.3)]
    assert config.by_model["qwen"].clip == 0.4
    assert config.fallback == Rl(name="rl")
    assert config.folder == Path("/data")
    assert config.seeds == (3,)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("arms.1.clpi=1", "unknown key 'arms.1.clpi' (did you mean 'clip'?); expected one of: name, clip"),
        ("by_model.qwen.q=1", "unknown key 'by_model.qwen.q'; expected one of: name, clip"),
        (
            "titel=a",
            "unknown key 'titel' (did you mean 'title'?); expected one of: arms, by_model, fallback,",
        ),
        ("arms.1.name=lr", "'arms.1.name' is 'lr'; expected one of: 'sft', 'rl'"),
        ("arms.1.clip=far", "'arms.1.clip' is 'far'; expected a valid number"),
        ("arms.1.clip=.nan", "'arms.1.clip' is nan; expected a finite number"),
        ("arms.7.clip=1", "'arms' is {'7': {'clip': 1}}; expected"),
        ("seeds=[1, true]", "'seeds.1' is True; expected a valid integer"),
        ("title=3", "'title' is 3; expected a valid string"),
        ("title=[", "line 1: "),
        ("title", "not an override; expected PATH=VALUE"),
        ("a..b=1", "not an override; expected PATH=VALUE"),
    ],
)
def test_a_bad_override_is_one_line_that_starts_with_it(study: Path, override: str, words: str) -> None:
    message = refusal(study, override)
    assert message.startswith(f"--set {override}")
    assert words in message


def test_sections_in_undiscriminated_unions_are_told_apart(tmp_path: Path) -> None:
    class Model(Config):
        either: int | VisionConfig
        mixed: list[Rl] | Rl = Field(default=[])

    path = tmp_path / "model.yaml"
    path.write_text("either: {hidden: 3}\n")
    assert "unknown key 'either.hidden' (did you mean 'hidden_size'?)" in refusal(path, cls=Model)
    assert "unknown key 'mixed.0.x'" in refusal(path, "either=1", "mixed=[{name: rl, x: 1}]", cls=Model)


def test_an_unknown_key_is_told_before_the_missing_key_it_was_meant_to_be(study: Path) -> None:
    study.write_text("arms:\n- {name: sft, lerning_rate: 1}\n")
    assert refusal(study) == (
        f"{study}: unknown key 'arms.0.lerning_rate' (did you mean 'learning_rate'?); "
        "expected one of: name, learning_rate (and 1 more problem)"
    )


def test_a_missing_key_is_named(study: Path) -> None:
    study.write_text("arms: [{learning_rate: 1}]")
    assert "missing key 'arms.0.name'" in refusal(study)
    study.write_text("arms: [{name: sft}]")
    assert refusal(study) == f"{study}: missing key 'arms.0.learning_rate'; add it"
    assert "missing key 'seed' (of initial weights" in refusal(_without(study, "seed"), cls=PocketBuildConfig)


def _without(path: Path, key: str) -> Path:
    path.write_text("\n".join(line for line in SMALL.read_text().splitlines() if not line.startswith(key)))
    return path


def test_extends_merges_mappings_and_replaces_lists(tmp_path: Path, study: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "title.yaml").write_text("title: from title\nby_model: {gemma: {name: rl}}")
    top = tmp_path / "more" / "top.yaml"
    top.write_text("extends: [../study.yaml, ../title.yaml]\nby_model: {qwen: {clip: 0.9}}\narms: [{name: rl}]\n")
    config = load(top, Study)
    assert config.title == "from title"
    assert config.by_model == {"qwen": Rl(name="rl", clip=0.9), "gemma": Rl(name="rl")}
    assert config.arms == [Rl(name="rl")]


def test_an_error_names_the_extended_file_that_holds_it(tmp_path: Path, study: Path) -> None:
    study.write_text(study.read_text() + "titel: x\n")
    top = tmp_path / "top.yaml"
    top.write_text("extends: study.yaml\ntitle: y\n")
    assert refusal(top).startswith(f"{study}: unknown key 'titel'")


def test_a_circle_of_extends_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("extends: b.yaml")
    (tmp_path / "b.yaml").write_text("extends: a.yaml")
    message = refusal(tmp_path / "a.yaml")
    assert "runs in a circle" in message
    assert message.startswith(f"{tmp_path / 'b.yaml'}: ")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.yaml", b"title: a\nx: 1\ntitle: b\n", ", line 3: key 'title' was given on line 1 already"),
        ("a.json", b'{"title": 1, "title": 2}', "key 'title' is given twice"),
        ("a.yaml", b"title: [1\n", "line 2: "),
        ("a.json", b'{"title": 1,', "line 1: "),
        ("a.yaml", b"", "holds nothing; expected a mapping"),
        ("a.yaml", b"[1]", "holds a list; expected a mapping"),
        ("a.yaml", b"\xff\xfe", "no UTF-8"),
        ("a.yaml", b"title: &a [*a]", "Circular"),
        ("a.yaml", b"title: " + 2000 * b"[", "nested too deeply"),
        ("a.yaml", b"title: !!python/name:os.system x", "could not determine a constructor"),
        ("a.yaml", b"? [1]\n: 2", "a key is no text"),
        ("a.yaml", b"extends: 3", "'extends' is 3; expected a file name"),
        ("a.yaml", b"extends: nowhere.yaml", "nowhere.yaml: no such file"),
    ],
)
def test_a_bad_file_is_one_line(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert words in refusal(path)


def test_a_file_that_cannot_be_opened_is_a_file_error(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.yaml", tmp_path):
        with pytest.raises(FileError, match="expected a YAML or JSON config"):
            load(path, Study)


def test_yaml_is_read_by_the_core_schema(tmp_path: Path) -> None:
    class Scalars(Config):
        rate: float
        answer: str
        ids: dict[str, int]
        flag: bool

    path = tmp_path / "scalars.yaml"
    path.write_text("rate: 1e-3\nanswer: no\nids: {1: 1_000}\nflag: true")
    assert load(path, Scalars) == Scalars(rate=0.001, answer="no", ids={"1": 1000}, flag=True)


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("model.hidden_size=130", "'model': hidden_size 130 with num_heads 8; expected a multiple of"),
        ("model.num_kv_heads=3", "expected a divisor of num_heads"),
        ("model.vision.num_heads=5", "'model.vision': hidden_size 96 with num_heads 5"),
        ("stages.cells.warmup_fraction=1.5", "expected less than or equal to 1"),
        ("stages.pictures.num_steps=0", "expected greater than 0"),
        ("stages.answers.level_weights=[1, 2]", "has too few items; expected 5"),
        ("stages.answers.level_weights=[0, 0, 0, 0, 0]", "expected at least one above 0"),
    ],
)
def test_a_pocket_model_that_cannot_be_is_refused(override: str, words: str) -> None:
    assert words in refusal(SMALL, override, cls=PocketBuildConfig)


def test_kind_picks_the_class_and_a_wrong_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"unknown kind 'pocket_bild' \(did you mean 'pocket_build'\?\)"):
        load_any(SMALL, ["kind=pocket_bild"])
    with pytest.raises(InputError, match="missing key 'kind'"):
        load_any(_without(tmp_path / "a.yaml", "kind"))


def test_the_hash_depends_on_values_alone(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: sft\nlearning_rate: 1e-3")
    (tmp_path / "b.json").write_text('{"learning_rate": 0.0010, "name": "sft"}')
    a, b = load(tmp_path / "a.yaml", Sft), load(tmp_path / "b.json", Sft)
    # Written down, so that it cannot change with a process, a Python version or a release unnoticed.
    assert config_hash(a) == config_hash(b) == "011b7a104da73d97ceaf09cbb8fc74660c00c84ffe5b5fa8d57622471a26cbb1"
    assert config_hash(a) != config_hash(Sft(name="sft", learning_rate=0.0011))


def test_a_resolved_file_loads_to_the_same_config(tmp_path: Path) -> None:
    config = load_any(SMALL)
    path = tmp_path / "config.json"
    write_resolved(config, path)
    assert load_any(path) == config
    assert list(json.loads(path.read_text())) == sorted(PocketBuildConfig.model_fields)
    assert [each.name for each in tmp_path.iterdir()] == ["config.json"]


def test_nulls_are_kept_when_resolved(tmp_path: Path, study: Path) -> None:
    write_resolved(load(study, Study), tmp_path / "config.json")
    assert json.loads((tmp_path / "config.json").read_text())["fallback"] is None


def test_a_resolved_file_that_cannot_be_written_is_a_file_error(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be written"):
        write_resolved(load_any(SMALL), tmp_path / "nowhere" / "config.json")


def test_diff_lists_exactly_the_differing_fields(study: Path) -> None:
    base = load(study, Study)
    changed = load(study, Study, ["title=b", "seeds=[0, 1]", "arms.0={name: rl}", "fallback.name=rl"])
    assert diff(base, base) == []
    assert diff(base, changed) == [
        ("arms.0.name", "sft", "rl"),
        ("arms.0.learning_rate", 0.001, ABSENT),
        ("arms.0.clip", ABSENT, 0.2),
        ("fallback", None, {"name": "rl", "clip": 0.2}),
        ("title", "", "b"),
        ("seeds.1", ABSENT, 1),
    ]
