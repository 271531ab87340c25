"""Which settings of trainings differ."""

from synergy.diagnostics.matched import compare, leaves, told


def test_leaves_are_values_by_path():
    value = {"data": {"split": "train", "families": ["sum", "count"]}, "seed": 0, "lora": None, "on": True}
    assert leaves(value) == [
        ("data.split", "train"),
        ("data.families", "['sum', 'count']"),
        ("seed", 0),
        ("lora", "None"),
        ("on", "True"),
    ]


def test_what_differs_is_shown_and_what_matters_too():
    shown, num_equal = compare(
        {
            "long": {"data.trace": "long", "train.num_steps": 150, "optimizer.betas": "x"},
            "short": {"data.trace": "short", "train.num_steps": 150, "optimizer.betas": "x"},
            "own": {"train.num_steps": 150, "optimizer.betas": "x"},
        }
    )
    assert shown == {
        "train.num_steps": {"long": 150, "short": 150, "own": 150},
        "data.trace": {"long": "long", "short": "short", "own": "–"},
    }
    assert num_equal == 2


def test_values_are_told_with_those_that_have_them():
    assert told({"a": 150, "b": 150}) == 150
    assert told({"a": "long", "b": "short", "c": "long"}) == "long (a, c); short (b)"
