"""Traces without their hesitant steps: by hand, and all of the pocket's."""

import pytest

from synergy.config.data import PocketDataConfig
from synergy.config.resolve import resolved
from synergy.data.hesitation import without_hesitation
from synergy.data.load import open_data
from synergy.pocket import FAMILIES, items
from synergy.pocket.claims import read_claims
from synergy.statistics.cues import cues_as_words


@pytest.mark.parametrize(
    ("trace", "left"),
    [
        (
            "I look. reds: 3. Wait, that is not right. It should be reds: 4. The answer is 4",
            "I look. reds: 4. The answer is 4",
        ),
        (
            "tile 1 goes to 2; tile 2 goes to 9. Hmm, a mistake. Correct is tile 2 goes to 3; tile 3 goes to 1. So 2",
            "tile 1 goes to 2; tile 2 goes to 3; tile 3 goes to 1. So 2",
        ),
        ("red is 1. Wait, let me check. No: red is 2. Done", "red is 2. Done"),
        (
            "reds: 4. Let me check: by row: 1, 3. 1 + 3 = 4. This agrees. 4 - 1 = 3. The answer is 3",
            "reds: 4. 4 - 1 = 3. The answer is 3",
        ),
        ("x is 4. Alternatively, 2 * 2 = 4. So the answer is 4", "x is 4. So the answer is 4"),
        # nothing says where the second look ends
        ("x is 4. Let me check: 2 * 2 = 4", "x is 4. Let me check: 2 * 2 = 4"),
        ("Nothing to remove.\n  Not even white space", "Nothing to remove.\n  Not even white space"),
        ("Wait, there is nothing before. So 4", "Wait, there is nothing before. So 4"),
    ],
)
def test_what_is_left_of_a_trace(trace: str, left: str):
    assert without_hesitation(trace) == left


def test_the_pockets_long_traces_lose_every_cue_and_no_truth():
    shorter = 0
    for item in items("train", 400, families=list(FAMILIES)):
        whole = item.long()
        left = without_hesitation(whole.trace)
        assert not cues_as_words(left), left
        assert left.endswith(f"answer is {whole.answer}")
        claims = read_claims(item.task, left)
        assert all(claim.true for claim in claims), left
        assert len(claims) >= len(read_claims(item.task, item.short().trace)) / 2
        shorter += len(left) < len(whole.trace)
    assert shorter == 400  # each looks twice


def test_it_is_an_option_of_any_data_and_changes_no_key_where_it_is_not_used():
    config = PocketDataConfig(source="pocket", num_problems=3)
    assert "hesitation" not in resolved(config)
    removed = config.model_copy(update={"hesitation": "remove"})
    assert resolved(removed)["hesitation"] == "remove"
    kept, shortened = open_data(config), open_data(removed)
    assert list(kept.ids) == list(shortened.ids)
    assert len(shortened) == 3
    assert shortened.has_demonstrations
    one, other = kept[1].demonstrations[0], shortened[1].demonstrations[0]
    assert other.trace == without_hesitation(one.trace) != one.trace
    assert other.answer == one.answer
    assert other.author == "pocket/long, without hesitation"
