"""The benchmarks' harness pairs the right turns, and both sides of it compute the same loss."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

from versus_trl import pairs, results
from versus_trl.agreement import compare
from versus_trl.chart import write_chart
from versus_trl.lengths import ExactLengths
from versus_trl.setting import Setting

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
TINY = Setting(num_problems=2, group_size=2, image_tokens=4, num_words=3, min_response_tokens=3, max_response_tokens=6)


class Clock:
    """Moves only when work is done."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.turns = ""

    def work(self, side: str, *seconds: float) -> None:
        self.turns += side
        self.seconds += seconds[min(self.turns.count(side), len(seconds)) - 1]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(pairs, "now", lambda: found.seconds)
    return found


def test_sides_take_turns_and_warm_up_apart(clock: Clock) -> None:
    found = pairs.alternate(
        lambda: clock.work("A", 100, 1, 2, 4),
        pairs.repeated(lambda: clock.work("B", 200, 10, 10, 80)),
        num_pairs=3,
    )
    assert clock.turns == "ABABABAB"
    assert found.ours_seconds == (1, 2, 4)
    assert found.theirs_seconds == (10, 10, 80)
    assert found.summary()["ratio"] == 10  # the median of 10, 5, 20, not 10 / 2
    assert found.summary()["ratio_range"] == [5, 20]


def test_what_comes_before_a_late_begin_is_not_counted(clock: Clock) -> None:
    def theirs(turns: pairs.Turns) -> None:
        for _ in range(turns.num_turns):
            clock.work("f", 1000)
            turns.begin()
            clock.work("B", 10)
            turns.end()

    found = pairs.alternate(lambda: clock.work("A", 1), theirs, num_pairs=2)
    assert (found.ours_seconds, found.theirs_seconds) == ((1, 1), (10, 10))


def test_a_side_that_stops_early_is_an_error(clock: Clock) -> None:
    with pytest.raises(AssertionError, match="all its turns"):
        pairs.alternate(lambda: None, lambda turns: turns.end(), num_pairs=3)


def test_both_sides_compute_the_same_loss() -> None:
    from versus_trl import grpo_update, ours, trl_common, trl_grpo

    trainer = grpo_update.our_update(TINY)
    groups = grpo_update.given_groups(TINY, trainer.policy.loaded)
    theirs = trl_common.loss_and_gradient(
        trl_grpo.update_trainer(TINY, groups, rows_per_forward=2, num_steps=1, max_grad_norm=0.0)
    )
    with_ban = ours.loss_and_gradient(trainer)
    ours.lift_vision_ban(trainer.policy.loaded)
    agreement = compare(ours.loss_and_gradient(trainer), theirs)
    assert agreement.holds
    assert agreement.gradient_difference < 1e-5
    # the check can fail: the ban alone, four tokens of all, is beyond it
    assert not compare(with_ban, theirs).holds
    silent = replace(TINY, num_silent_problems=1)
    assert [
        [r.reward for r in group.rollouts] for group in grpo_update.given_groups(silent, trainer.policy.loaded)
    ] == [
        [0, 0],
        [1, 0],
    ]


def test_rows_end_where_they_are_told_to() -> None:
    end, lengths = 3, [1, 3, 2]
    processor = ExactLengths(lengths, end)
    generator = torch.Generator().manual_seed(0)
    ids = torch.zeros(3, 5, dtype=torch.long)
    for _ in range(3):
        scores = processor(ids, torch.randn(3, 7, generator=generator))  # pyrefly: ignore[bad-argument-type]
        ids = torch.cat([ids, scores.argmax(1, keepdim=True)], 1)
    new = ids[:, 5:]
    assert [int((row == end).nonzero()[0]) + 1 for row in new] == lengths


def test_the_table_says_what_was_not_run_missed_or_not_the_same() -> None:
    result = {"ours_seconds": 1.0, "theirs_seconds": 7.0, "ratio": 7.0, "ratio_range": [6.0, 9.0]}
    each = {
        "grpo_update": result,
        "grpo_update_frozen": result,
        "sft": {**result, "agreement": {"holds": False}},
        "memory": {"ours_bytes": 4e8, "theirs_bytes": 1e9, "ratio": 0.4},
    }
    found = {name: {"result": values, "options": {"is_quick": False}} for name, values in each.items()}
    lines = {line[0]: line[1:] for line in results.table(found)}
    assert lines["GRPO update, vision tower trained"] == ("7.00 s", "1.00 s", "7.0× (6.0–9.0)", "≥ 8×", "missed")
    assert lines["GRPO update, vision tower frozen"][-1] == "reached"
    assert lines["SFT on ragged pocket traces with images"][-1] == "the sides disagree"
    assert lines["peak memory of the GRPO update, tower trained"][:3] == ("1,000 MB", "400 MB", "0.40×")
    assert lines["generation, 256 pocket problems × 8 samples"][0] == results.NOT_RUN


def test_the_readme_has_a_place_for_the_table(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text((BENCHMARKS / "README.md").read_text())
    results.into_readme(readme, {})
    assert results.markdown({}) in readme.read_text()


def test_the_chart_has_a_line_for_each_side(tmp_path: Path) -> None:
    points = [
        {"size": size, **{side: {"seconds": size * factor, "added_bytes": size * 3e7} for side, factor in sides}}
        for sides in [(("ours", 0.1), ("theirs", 0.7))]
        for size in (2, 4, 8)
    ]
    write_chart(tmp_path / "growth.svg", {"group_size": points, "image_tokens": points})
    lines = [
        line
        for line in ElementTree.parse(tmp_path / "growth.svg").iter("{http://www.w3.org/2000/svg}polyline")
        if line.get("stroke-width") == "2"
    ]
    assert len(lines) == 8
    assert all(len(line.attrib["points"].split()) == 3 for line in lines)


def test_rows_are_listed_without_loading_torch() -> None:
    command = "import sys, versus_trl.rows, versus_trl.results, versus_trl.chart; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", command], cwd=BENCHMARKS, check=False).returncode == 0
