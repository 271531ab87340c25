"""Words of reasoning, counted by hand."""

from synergy.statistics.words import AHA_KEYWORDS, count_reasoning_words, count_reflections, has_aha


def test_reasoning_words_are_counted_where_a_word_begins() -> None:
    text = "Wait, let me check. However, alternatively I double-checked my mistakes; wait... an await is none."
    assert count_reasoning_words(text) == {"wait": 2, "check": 2, "mistake": 1, "alternative": 1, "however": 1}
    assert count_reasoning_words("") == dict.fromkeys(("wait", "check", "mistake", "alternative", "however"), 0)


def test_expressions_may_be_broken_over_lines() -> None:
    found = count_reflections("I should\ncheck this. Double-check: alternatively, WAIT. An alternative.")
    assert found == {"alternatively": 1, "double-check": 1, "i should check": 1, "wait": 1}


def test_the_second_studys_rule_looks_inside_words() -> None:
    assert all(map(has_aha, AHA_KEYWORDS))
    assert has_aha("He leans against it.")
    assert not has_aha("The answer is 3.")
