"""Every claim on studies whose truth is known, Holm's correction by hand, and error rates under no effect."""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from claims_folders import Arm, Made, MemoryResults
from claims_worlds import dim_world, false_world, nll, scale_world, true_world

from synergy.errors import InputError
from synergy.studies.claims.claim import ClaimResult, Evidence
from synergy.studies.claims.registry import CLAIMS, judge_all, verdict

Judged = Mapping[str, Mapping[str, ClaimResult]]  #: by kind of study, by claim

SCALE_CLAIMS = {"sft_wins_on_weak_models", "small_sft_equals_rl"}
#: what is true, within its margin, where all arms are alike: only "refuted" is then an error
TRUE_WITHOUT_EFFECT = {"rl_stays_short", "reflections_do_not_predict", "reward_is_not_accuracy"}


def _by_name(results: list[ClaimResult]) -> dict[str, ClaimResult]:
    return {result.name: result for result in results}


def _numbers(*values: float | None) -> list[float]:
    return [value for value in values if value is not None]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    folder = tmp_path_factory.mktemp("claims")
    worlds = {"supported": true_world(), "refuted": false_world(), "inconclusive": dim_world()}
    return {name: _by_name(judge_all(made.write(folder / name))) for name, made in worlds.items()}


@pytest.fixture(scope="module")
def judged_scales(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    folder = tmp_path_factory.mktemp("scales")
    worlds = {
        "supported": scale_world(
            sft=lambda axes: (0.7,) * 5 if axes["model"] == "small" else (0.8,) * 5,
            rl=lambda axes: (0.3,) * 5 if axes["model"] == "small" else (0.7,) * 5,
        ),
        "refuted": scale_world(
            sft=lambda axes: (0.2,) * 5 if axes["model"] == "small" else (0.7,) * 5,
            rl=lambda axes: (0.7,) * 5 if axes["model"] == "small" else (0.8,) * 5,
        ),
        "inconclusive": scale_world(sft=lambda axes: (0.5,) * 5, rl=lambda axes: (0.5,) * 5, problems_per_level=20),
    }
    return {name: _by_name(judge_all(made.write(folder / name))) for name, made in worlds.items()}


@pytest.mark.parametrize("expected", ["supported", "refuted", "inconclusive"])
@pytest.mark.parametrize("name", CLAIMS)
def test_each_claim_gets_the_verdict_that_its_study_was_made_for(
    name: str, expected: str, judged: Judged, judged_scales: Judged
) -> None:
    found = (judged_scales if name in SCALE_CLAIMS else judged)[expected][name]
    assert found.verdict == expected
    low, estimate, high = _numbers(found.low, found.estimate, found.high)
    assert low <= estimate <= high
    assert found.needs == CLAIMS[name].needs
    assert "this run" not in found.note


@pytest.mark.parametrize("name", CLAIMS)
def test_a_claim_that_cannot_be_judged_says_what_is_lacking(name: str, tmp_path: Path) -> None:
    made = Made(arms={"base": Arm(recipe="base", rates=(0.5,) * 5)}, problems_per_level=5, num_samples=1, seeds=(0,))
    (found,) = judge_all(made.write(tmp_path / "study"), [name])
    assert (found.verdict, found.estimate, found.p_value, found.p_adjusted) == ("cannot judge", None, None, None)
    assert found.needs
    assert all(lacking in found.note for lacking in found.needs)


def test_what_is_lacking_is_named(judged: Judged, judged_scales: Judged) -> None:
    assert judged["supported"]["sft_wins_on_weak_models"].needs == (
        "an axis of models (its values set model.checkpoint)",
    )
    lacking = {name: found.needs for name, found in judged_scales["supported"].items()}
    assert lacking["merging_no_better"] == ("an arm of recipe merging",)
    assert lacking["sft_transfers_to_text"][0].startswith("an evaluation set of text alone")
    assert "one with coefficient 0" in lacking["kl_keeps_rl_from_collapse"][0]


def test_levels_with_few_problems_are_not_judged() -> None:
    made = Made(
        arms={"base": Arm(recipe="base", rates=(0.5,) * 5), "sft": Arm(recipe="sft", rates=(0.5,) * 5)},
        problems_per_level=19,
    )
    (found,) = judge_all(MemoryResults(made), ["sft_gain_rises"])
    assert found.needs == ("two levels of difficulty with at least 20 problems each",)


def test_an_arm_whose_evaluation_is_missing_is_named() -> None:
    results = MemoryResults(replace(dim_world(), sets=("main",)))
    results.cells[0].sets["main"].runs.pop("rl")  # pyrefly: ignore[missing-attribute]
    found = _by_name(judge_all(results))
    assert found["rl_stays_short"].needs == ("evaluations of arm rl (main)",)
    assert found["sft_lengthens_answers"].verdict != "cannot judge"


def test_below_three_seeds_the_note_says_this_run() -> None:
    found = judge_all(MemoryResults(dim_world(seeds=(0,))))
    assert all("this run: 1 of at least 3 seeds" in each.note for each in found if each.verdict != "cannot judge")


def test_the_correction_is_over_all_that_can_be_judged_whatever_is_asked_for(judged: Judged) -> None:
    whole = [_numbers(each.p_value, each.p_adjusted) for each in judged["inconclusive"].values() if each.p_value]
    assert len(whole) == len(CLAIMS) - len(SCALE_CLAIMS)
    largest = 0.0
    for rank, (p_value, adjusted) in enumerate(sorted(whole)):
        largest = max(largest, min(1.0, p_value * (len(whole) - rank)))
        assert adjusted == pytest.approx(largest)


def test_choosing_claims_changes_no_verdict() -> None:
    results = MemoryResults(dim_world(seeds=(0,)))
    whole = _by_name(judge_all(results))
    assert judge_all(results, ["rl_stays_short"]) == [whole["rl_stays_short"]]
    with pytest.raises(InputError, match="unknown claim 'rl_stay_short'"):
        judge_all(results, ["rl_stay_short"])


def test_the_trend_is_the_slope_of_the_levels_gains(judged: Judged) -> None:
    found = judged["supported"]["sft_gain_rises"]
    gains = _numbers(*(estimate for label, estimate, _, _ in found.details if label.startswith("sft − base")))
    assert found.estimate == pytest.approx((-2 * gains[0] - gains[1] + gains[3] + 2 * gains[4]) / 10)
    assert found.estimate == pytest.approx(0.2, abs=0.03)


def test_lengths_are_ratios(judged: Judged) -> None:
    assert judged["supported"]["sft_lengthens_answers"].estimate == pytest.approx(10, abs=0.3)
    assert judged["refuted"]["rl_stays_short"].estimate == pytest.approx(3, abs=0.1)


def test_estimates_of_axes(judged_scales: Judged) -> None:
    found = judged_scales["supported"]["sft_wins_on_weak_models"]
    assert found.estimate == pytest.approx(0.4 - 0.1, abs=0.04)
    assert "weakest by the base model's accuracy: small" in found.note
    assert "the smallest SFT set at or above that RL has 2000 problems" in (
        judged_scales["supported"]["small_sft_equals_rl"].note
    )


def test_claims_that_are_not_about_axes_are_judged_on_the_mean_over_cells(judged_scales: Judged) -> None:
    found = judged_scales["supported"]["rl_gains_at_every_level"]
    assert found.verdict == "supported"
    gains = _numbers(*(estimate for _, estimate, _, _ in found.details))
    assert gains == pytest.approx([((0.3 - 0.2) + (0.7 - 0.5)) / 2] * 5, abs=0.04)


def test_sizes_are_found_along_an_axis(judged_scales: Judged) -> None:
    found = judged_scales["refuted"]["more_sft_data_hurts"]
    assert [label for label, *_ in found.details] == ["2000 problems", "20000 problems"]


def test_trace_sources_are_found_along_an_axis() -> None:
    sft = Arm(
        recipe="sft", rates=lambda axes: (0.7,) * 5 if axes["trace_source"] == "own" else (0.4,) * 5, lines=nll(1)
    )
    paths = {label: {"data": {"path": label}} for label in ("own", "teacher")}
    made = Made(arms={"sft": sft}, axes={"trace_source": paths}, sets=("held_out",))
    (found,) = judge_all(MemoryResults(made), ["near_traces_keep_held_out"])
    assert "sft@own 1.00, sft@teacher 1.00" in found.note
    assert found.estimate == pytest.approx(0.3, abs=0.03)


def test_a_collapse_is_reported(judged: Judged) -> None:
    notes = [judged[kind]["kl_keeps_rl_from_collapse"].note for kind in ("supported", "refuted")]
    assert [": no collapse here" in note for note in notes] == [False, True]


def test_a_small_gain_inside_the_margin_neither_supports_nor_refutes() -> None:
    # plainly above 0 and plainly below the margin: "no better" is false, and true for all purposes
    evidence = Evidence(estimate=0.003, low=0.001, high=0.005, p_false=1e-4, p_true=0.002)
    assert verdict(evidence, 0.01) == "inconclusive"
    assert verdict(replace(evidence, p_true=0.6), 0.01) == "supported"
    assert verdict(replace(evidence, p_true=0.6), 0.06) == "inconclusive"
    assert verdict(replace(evidence, p_false=0.9), 0.01) == "refuted"


def _num_families_with_a_false_verdict(num_studies: int, first: int) -> int:
    return sum(_is_false(first + number) for number in range(num_studies))


def _is_false(random_seed: int) -> bool:
    """Whether any verdict on a study of equal arms, whose runs differ by chance, is wrong."""
    made = dim_world(random_seed=random_seed, seed_spread=0.02, rl_tokens=50.0)
    wrong = False
    for found in judge_all(MemoryResults(made)):
        is_true = found.name in TRUE_WITHOUT_EFFECT or "_no_better" in found.name
        wrong |= found.verdict == "refuted" or (found.verdict == "supported" and not is_true)
    return wrong


def _bound(num_studies: int) -> float:
    return num_studies * 0.05 + 2.33 * math.sqrt(num_studies * 0.05 * 0.95)


def test_few_studies_without_effect_get_any_false_verdict() -> None:
    assert _num_families_with_a_false_verdict(20, 0) <= _bound(20)


@pytest.mark.slow
def test_at_most_five_percent_of_studies_without_effect_get_any_false_verdict() -> None:
    assert _num_families_with_a_false_verdict(1000, 1000) <= _bound(1000)
