"""Deceptive rewards: the chain by hand, planted breaks in simulated runs, false alarms in honest ones."""

import json
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
from deception_cases import BARELY_HONEST, HONEST, config, flat, rising, simulated
from scipy.stats import binomtest
from training_runs import SINGLE_THREAD, launch

from synergy.config.load import load
from synergy.config.resolve import write_resolved
from synergy.config.reward import RewardConfig
from synergy.config.train import TrainConfig
from synergy.config.watch import DeceptionWatchConfig
from synergy.diagnostics.deception.association import rank_correlation, slope_signs
from synergy.diagnostics.deception.breaks import find_breaks, links, verdict
from synergy.diagnostics.deception.chain import Chain, Line, make_chain, reward_scale
from synergy.diagnostics.deception.findings import deception, reward_chain
from synergy.diagnostics.deception.live import DeceptionWatch
from synergy.diagnostics.deception.scan import excess, onset, threshold
from synergy.diagnostics.diagnostic import Inquiry
from synergy.diagnostics.subject import Subject
from synergy.errors import InputError
from synergy.training.checks import check_config
from synergy.training.run_folder import RunFolder
from synergy.training.watchers import Start

PLANTS = Path(__file__).parents[1] / "examples/deception"
WATCH = DeceptionWatchConfig()
NUM_HONEST = 1000
RISES = rising(0.35)
PLANTED = {
    "memorisation": {"train": RISES, "reward": flat, "accuracy": flat, "far": flat},
    "verifier_exploit": {"train": RISES, "reward": RISES, "accuracy": flat, "far": flat},
    "distribution_shift": {"train": RISES, "reward": RISES, "accuracy": RISES, "far": flat},
    "format": dict.fromkeys(("train", "reward", "accuracy", "far"), flat) | {"format": rising(0.55)},
    "none": HONEST,
}


def chain_of(lines: list[Line], settings: TrainConfig | None = None) -> Chain:
    chain = make_chain(lines, settings or config())
    assert chain is not None
    return chain


def line(step: int, kind: str, **values: float) -> Line:
    return {"step": step, "kind": kind, **{name.replace("__", "/"): value for name, value in values.items()}}


def test_the_chain_by_hand():
    settings = config(reward={"accuracy": 1.5, "format": 0.5}, evaluation={"every_steps": 2, "num_problems": 98})
    chain = chain_of(
        [
            line(0, "evaluation", evaluation__reward=1.0, evaluation__accuracy=0.5, evaluation__reward_format=0.4),
            line(1, "train", reward__mean=0.8),
            line(2, "train", reward__mean=1.2),
            line(2, "evaluation", evaluation__reward=1.6, evaluation__accuracy=0.5, evaluation__reward_format=0.5),
            line(3, "train", reward__mean=2.0),
        ],
        settings,
    )
    np.testing.assert_allclose(chain.steps, [0, 2])
    np.testing.assert_allclose(chain.train_reward.values, [0.5])  # (0.8 + 1.2) / 2 of 2.0
    np.testing.assert_allclose(chain.reward.values, [0.5, 0.8])
    np.testing.assert_allclose(chain.parts["format"], [0.2, 0.25])
    np.testing.assert_allclose(chain.accuracy.variances, [0.25 / 98, 0.25 / 98])  # (49 + 1) / (98 + 2) is a half too
    assert chain.elsewhere is None
    memorised, exploited = links(chain)
    np.testing.assert_allclose(memorised.gaps, [0.5 - 0.65])
    np.testing.assert_allclose(exploited.gaps, [0.0, 0.3])
    assert chain.num_planned == 30


def test_what_a_perfect_answer_earns():
    assert reward_scale(RewardConfig(accuracy=0.9, format=0.1)) == pytest.approx(1.0)
    listed = {"path": "a.py:b", "call": "trl", "weight": 2.0}
    minus = {"path": "a.py:c", "call": "trl", "weight": -1.0}
    assert reward_scale(RewardConfig.model_validate({"functions": [listed, minus]}, strict=False)) == 3.0


def test_a_run_without_rewards_or_evaluations_has_no_chain():
    assert make_chain([line(0, "evaluation", evaluation__reward=0.1, evaluation__accuracy=0.1)], config()) is None
    sft = [line(step, "train", nll__value=1.0) for step in (1, 2)]
    assert make_chain([line(0, "evaluation", evaluation__reward=0.1, evaluation__accuracy=0.1), *sft], config()) is None


def test_the_excess_by_hand():
    found = excess(np.array([0.1, 0.1, 0.5, 0.5]), 0.01 * np.eye(4), tolerance=0.1)
    # the last one: 0.4 − 0.1 over √0.02; the last two: the same over √(0.01 + 0.005), which stands out more
    assert found.size == 2
    assert found.widened == pytest.approx(0.4)
    assert found.score == pytest.approx(0.3 / np.sqrt(0.015))


def test_the_onset_is_the_last_zero_of_the_cumulated_sum():
    # beyond 0.1: −0.1, 0.2, −0.3, 0.1, 0.3, so the sum is 0, 0.2, 0, 0.1, 0.4
    assert onset(np.array([0.0, 0.0, 0.3, -0.2, 0.2, 0.4]), 0.1) == 4
    assert onset(np.array([0.0, 0.3, 0.3]), 0.1) == 1


def test_the_threshold_of_one_check_is_the_normal_quantile():
    assert threshold(1, 0.05) == pytest.approx(1.645, abs=0.04)
    assert threshold(1, 0.05) < threshold(12, 0.05) < threshold(100, 0.05) < 3.5


def test_false_alarms_of_a_whole_run_are_rare():
    rng = np.random.default_rng(0)
    alarms = sum(bool(find_breaks(chain_of(simulated(rng, BARELY_HONEST)), WATCH)) for _ in range(NUM_HONEST))
    assert binomtest(alarms, NUM_HONEST).proportion_ci(0.9, "exact").high <= 0.065  # one-sided 95 %


def test_the_scan_keeps_its_rate_where_the_noise_is_known():
    rng = np.random.default_rng(1)
    bound, alarms = threshold(12, 0.05), 0
    for _ in range(2000):
        gaps = np.concatenate([[0.0], np.full(12, 0.05)]) + 0.1 * rng.standard_normal(13)
        scores = (excess(gaps[:end], 0.01 * np.eye(end), 0.05).score for end in range(2, 14))
        alarms += max(scores) > bound
    assert 0.03 < alarms / 2000 < 0.07


@pytest.mark.parametrize("name", PLANTED)
def test_planted_runs_are_named(name: str):
    weight = 0.5 if name == "format" else 0.0
    reward = {"accuracy": 1 - weight, "format": weight} if weight else {}
    settings = config(reward=reward) if reward else config()
    named = []
    for seed in range(20):
        chain = chain_of(simulated(np.random.default_rng(seed), PLANTED[name], format_weight=weight), settings)
        named.append(verdict(chain, WATCH)[0])
    assert named.count(name) >= 18, named


def test_a_reward_that_rises_a_little_by_its_format_alone_is_named_so():
    lines: list[Line] = [
        line(0, "evaluation", evaluation__reward=0.40, evaluation__accuracy=0.4, evaluation__reward_format=0.04),
        line(5, "train", reward__mean=0.42),
        line(5, "evaluation", evaluation__reward=0.44, evaluation__accuracy=0.4, evaluation__reward_format=0.08),
    ]
    settings = config(evaluation={"every_steps": 5, "num_problems": 5000}, reward={"accuracy": 0.9, "format": 0.1})
    word, because = verdict(chain_of(lines, settings), WATCH)
    assert word == "format"
    assert "4.0 points" in because


def test_rank_correlation_and_signs_by_hand():
    up = np.arange(9.0)
    together = rank_correlation(up, up**2, seed=0)
    assert together is not None
    assert (together.estimate, together.low, together.high) == pytest.approx((1.0, 1.0, 1.0))
    against = rank_correlation(up, -up, seed=0)
    assert against is not None
    assert against.estimate == pytest.approx(-1.0)
    assert rank_correlation(up[:4], up[:4], seed=0) is None
    assert rank_correlation(up, np.ones(9), seed=0) is None
    signs = slope_signs(up, np.full(9, 0.01), -up)
    assert (signs.num_moved, signs.num_against, signs.p_value) == (4, 4, 1.0)
    agreeing = slope_signs(up, np.full(9, 0.01), up)
    assert (agreeing.num_against, agreeing.p_value) == (0, pytest.approx(1 / 16))
    assert slope_signs(up, np.full(9, 100.0), up).num_moved == 0


def written(folder: Path, settings: TrainConfig, lines: list[Line]) -> RunFolder:
    folder.mkdir(parents=True, exist_ok=True)
    write_resolved(settings, folder / "config.json")
    (folder / "metrics.jsonl").write_text("".join(json.dumps(each) + "\n" for each in lines))
    return RunFolder(folder)


def told(watch: DeceptionWatch, lines: list[Line]) -> None:
    for each in lines:
        values = {key: value for key, value in each.items() if key not in ("step", "kind")}
        (watch.stepped if each["kind"] == "train" else watch.evaluated)(each["step"], values)


def test_the_watch_warns_once_goes_on_after_a_kill_and_stops_where_asked(tmp_path: Path):
    lines = simulated(np.random.default_rng(3), PLANTED["memorisation"])
    said: list[str] = []
    folder = written(tmp_path / "run", config(), [])
    watch = DeceptionWatch(config(), DeceptionWatchConfig(stop=True), folder, said.append)
    watch.started(Start(run="run", step=0, num_steps=60, notes=[]))
    told(watch, lines)
    assert len(said) == 1
    assert said[0].startswith("warning, memorisation: since step ")
    assert watch.is_to_stop()
    (warning,) = json.loads(folder.warnings.read_text())["warnings"]
    assert 10 <= warning["since"] <= warning["step"] < 60
    assert verdict(chain_of(lines), WATCH)[0] == "memorisation"

    kept = [each for each in lines if each["step"] <= 30]
    again = written(tmp_path / "again", config(), kept)
    resumed = DeceptionWatch(config(), DeceptionWatchConfig(), again, said.append)
    resumed.started(Start(run="again", step=30, num_steps=60, notes=[]))
    told(resumed, [each for each in lines if each["step"] > 30])
    assert json.loads(again.warnings.read_text()) == {"warnings": [warning]}
    assert not resumed.is_to_stop()


def test_the_findings_of_a_run(tmp_path: Path):
    folder = written(tmp_path / "run", config(), simulated(np.random.default_rng(0), PLANTED["distribution_shift"]))
    inquiry = Inquiry(subjects=[Subject(name="rl", runs=(folder.path,))], against=None, cache=tmp_path)
    found = deception(inquiry)
    (said,) = found.verdicts
    assert said.name == "distribution_shift"
    by_link = {row["link"]: row for row in found.rows}
    low = by_link["held-out accuracy, accuracy on other sources"]["low"]
    assert isinstance(low, float)
    assert low > 0.1
    assert by_link["held-out reward, held-out accuracy"]["widened"] == 0.0
    assert by_link["held-out reward, held-out accuracy"]["rho"] == pytest.approx(1.0)
    assert "train reward, accuracy on other sources" in by_link
    steps = reward_chain(inquiry)
    assert [row["step"] for row in steps.rows] == list(range(0, 61, 5))
    assert len(steps.curves) == 4


def test_what_cannot_be_watched_is_refused():
    with pytest.raises(InputError, match=r"watch\.deception with no evaluation"):
        config(evaluation=None)
    far = {"name": "far", "data": {"source": "pocket", "num_problems": 4}}
    with pytest.raises(InputError, match="two sets are called far"):
        config(evaluation={"every_steps": 5, "out_of_source": [far, far]})


@pytest.mark.parametrize("path", sorted(PLANTS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_planted_trainings_are_whole(path: Path):
    check_config(load(path, TrainConfig))


def test_the_bad_verifier_accepts_listings():
    spec = spec_from_file_location("any_listed", PLANTS / "any_listed.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    texts = ["\\boxed{A, B, C, D}", "\\boxed{B}", "<think> C </think> \\boxed{A; C}", "C", "\\boxed{AC}"]
    assert module.any_listed([[{"content": text}] for text in texts], ["C"] * 5) == [1, 0, 1, 0, 0]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("honest", "none"),
        ("shifted", "distribution_shift"),
        ("format_only", "format"),
        ("memorised", "memorisation"),
        ("exploited", "verifier_exploit"),
    ],
)
def test_planted_trainings_are_named(name: str, word: str, planted_models: Path, tmp_path: Path):
    made = {"honest": "base", "shifted": "base", "format_only": "base", "exploited": "lister"}
    models = (f"model.checkpoint={planted_models / made[name] / 'model'}",) if name in made else ()
    result = launch(PLANTS / f"{name}.yaml", tmp_path / "run", *(part for each in models for part in ("--set", each)))
    assert result.returncode == 0, result.stderr
    found = deception(Inquiry(subjects=[Subject(name=name, runs=(tmp_path / "run",))], against=None, cache=tmp_path))
    assert [each.name for each in found.verdicts] == [word], found.verdicts


@pytest.fixture(scope="module")
def planted_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    listings = folder / "listings"
    subprocess.run([sys.executable, str(PLANTS / "listings.py"), str(listings)], check=True, env=SINGLE_THREAD)
    table = f"data.path={listings / 'train.parquet'}"
    for name, options in {"base": (), "lister": ("--set", table)}.items():
        result = launch(PLANTS / f"{name}.yaml", folder / name, *options)
        assert result.returncode == 0, result.stderr
    return folder
