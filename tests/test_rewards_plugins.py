"""Reward functions of TRL, verl and EasyR1 by their path: each convention, the shipped examples, every way to fail."""

import asyncio
import inspect
import logging
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from rewards_cases import opened, problem, rewarded, said
from trl.rewards import format_rewards

from synergy.config.reward import RewardConfig, RewardFunctionConfig
from synergy.errors import FileError, InputError
from synergy.grading.rewards.plugins import open_function
from synergy.records import StopReason

EXAMPLES = Path(__file__).parents[1] / "examples" / "rewards"
DIGIT = problem("digit", "3", source="clevr", family="count")


def _written(folder: Path, code: str) -> str:
    path = folder / "own.py"
    path.write_text(dedent(code))
    return str(path)


def _config(path: str, call: str, **settings: Any) -> RewardConfig:
    function = {"path": path, "call": call, **settings}
    return RewardConfig.model_validate({"functions": (RewardFunctionConfig.model_validate(function),)})


# ---- conventions


def test_trl_gets_messages_ids_and_columns(tmp_path: Path):
    file = _written(
        tmp_path,
        """
        def f(prompts, completions, completion_ids, trainer_state, log_extra, log_metric, solution, family, **kwargs):
            log_metric("seen", len(prompts))
            log_extra("solution", solution)
            assert prompts[0][-1] == {"role": "user", "content": "What is it?"}, prompts
            assert prompts[0][0]["role"] == "system"
            assert completions[0][0]["role"] == "assistant"
            assert trainer_state.global_step == 0
            assert set(family) == {"count"} and kwargs["images"] == [[], []] and kwargs["bonus"] == 2
            right = [gold in done[0]["content"] for gold, done in zip(solution, completions)]
            return [len(ids) if good else None for good, ids in zip(right, completion_ids)]
        """,
    )
    found = rewarded(_config(f"{file}:f", "trl", weight=0.5, kwargs={"bonus": 2}), DIGIT, said("3"), said("4"))
    assert found[0].reward_parts == {"accuracy": 1.0, "own.f": 2.0}
    assert found[0].reward == 3.0
    assert found[1].reward_parts == {"accuracy": 0.0}  # None: the term does not apply and adds nothing
    assert found[1].reward == 0.0


def test_trl_coroutines_also_where_a_loop_runs(tmp_path: Path):
    file = _written(
        tmp_path,
        """
        import asyncio
        async def f(completions, **kwargs):
            await asyncio.sleep(0)
            return [0.25 for _ in completions]
        """,
    )
    config = _config(f"{file}:f", "trl")

    async def notebook() -> list[float | None]:
        return [each.reward for each in rewarded(config, DIGIT, said("3"))]

    assert [each.reward for each in rewarded(config, DIGIT, said("3"))] == [1.25]
    assert asyncio.run(notebook()) == [1.25]


def test_an_array_is_a_list_of_numbers(tmp_path: Path):
    file = _written(tmp_path, "import numpy as np\ndef f(completions, **k): return np.arange(len(completions)) / 4")
    found = rewarded(_config(f"{file}:f", "trl"), DIGIT, said("3"), said("4"))
    assert [each.reward for each in found] == [1.0, 0.25]


def test_trls_own_reward_file_loads_unchanged():
    config = _config(f"{inspect.getfile(format_rewards)}:think_format_reward", "trl", name="think")
    found = rewarded(config, DIGIT, said("3"), "<answer> 3 </answer>")
    assert [each.reward_parts["think"] for each in found] == [1.0, 0.0]


@pytest.mark.parametrize("result", ["value", '{"score": value, "acc": True}'])
def test_verl_is_asked_about_one_attempt_at_a_time(tmp_path: Path, result: str):
    file = _written(
        tmp_path,
        f"""
        def compute_score(data_source, solution_str, ground_truth, extra_info=None, scale=1.0):
            assert data_source == "clevr" and extra_info["index"] == "digit/3" and extra_info["question"]
            value = scale * (ground_truth in solution_str)
            return {result}
        """,
    )
    found = rewarded(_config(f"{file}:compute_score", "verl", kwargs={"scale": 4.0}), DIGIT, said("3"), said("4"))
    assert [each.reward for each in found] == [5.0, 0.0]


@pytest.mark.parametrize("kind", ["batch", "sequential", None])
def test_easyr1_says_how_it_wants_to_be_called(tmp_path: Path, kind: str | None):
    line = f'REWARD_TYPE = "{kind}"' if kind else ""
    file = _written(
        tmp_path,
        f"""
        {line}
        def one(item, scale):
            assert set(item) == {{"response", "response_length", "ground_truth"}}
            return {{"overall": scale * item["response_length"], "format": 1.0}}

        def compute_score(inputs, scale=1.0):
            return [one(item, scale) for item in inputs] if isinstance(inputs, list) else one(inputs, scale)
        """,
    )
    found = rewarded(_config(f"{file}:compute_score", "easyr1", kwargs={"scale": 0.5}), DIGIT, said("3"), said("4"))
    assert [each.reward_parts["own.compute_score"] for each in found] == [2.0, 2.0]


def test_the_shipped_examples():
    def value(name: str, call: str, **settings: Any) -> list[float | None]:
        config = _config(f"{EXAMPLES / name}", call, **settings)
        part = config.functions[0].part
        return [each.reward_parts.get(part) for each in rewarded(config, DIGIT, said("3"), "3")]

    assert value("trl_brevity.py:brevity", "trl", kwargs={"limit": 8}) == [0.5, 0.5]
    assert value("verl_last_line.py:compute_score", "verl") == [1.0, 1.0]
    assert value("easyr1_layout.py:compute_score", "easyr1", weight=2.0) == [1.0, 0.0]


def test_what_could_not_be_scored_is_not_shown_to_plug_ins(tmp_path: Path):
    file = _written(tmp_path, "def f(completions, **kwargs):\n    raise AssertionError(completions)")
    (found,) = rewarded(_config(f"{file}:f", "trl"), DIGIT, said("3"), stop_reason=StopReason.FAILED)
    assert found.reward is None


def test_where_no_term_applies_there_is_no_reward(tmp_path: Path):
    file = _written(tmp_path, "def f(completions, **kwargs):\n    return [None] * len(completions)")
    function = RewardFunctionConfig(path=f"{file}:f", call="trl")
    (found,) = rewarded(RewardConfig(accuracy=0.0, functions=(function,)), DIGIT, said("3"))
    assert found.reward is None


# ---- what can go wrong


def _refusal(config: RewardConfig) -> str:
    with pytest.raises(InputError) as caught:
        rewarded(opened(config), DIGIT, said("3"))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("code", "call", "words"),
    [
        ("def g(): pass", "trl", "has no function f; expected one of: g"),
        ("f = 3", "trl", "has no function f; expected one of: none"),
        ("def f(:", "trl", "cannot be loaded (SyntaxError"),
        ("import no_such_module", "trl", "cannot be loaded (ModuleNotFoundError: No module named 'no_such_module')"),
        ("1 / 0", "verl", "cannot be loaded (ZeroDivisionError"),
        ("def f(completions): pass", "trl", "cannot be called (got an unexpected keyword argument 'prompts')"),
        ("def f(completions, image_path, **k): pass", "trl", "missing a required argument: 'image_path'"),
        ("def f(answer): pass", "verl", "cannot be called"),
        ("def f(): pass", "easyr1", "expected a function of: one positional argument"),
        ("REWARD_TYPE = 'each'\ndef f(x): pass", "easyr1", "REWARD_TYPE is 'each'; expected batch or sequential"),
        ("def f(**k): raise KeyError('gt\\nx')", "trl", "failed (KeyError: "),
        ("def f(**k): return [float('nan')]", "trl", "it returned nan, not a finite number"),
        ("def f(**k): return ['1']", "trl", "it returned '1', not a number"),
        ("def f(**k): return [1, 2]", "trl", "it returned 2 values for 1 attempts"),
        ("def f(**k): return 1.0", "trl", "it returned float, not a list"),
        ("def f(**k): return {'acc': 1}", "verl", "a mapping without 'score'"),
        ("def f(**k): return float('inf')", "verl", "it returned inf, not a finite number"),
        ("def f(x): return [1.0]", "easyr1", "it returned float, not a mapping with 'overall'"),
        ("async def f(**k): raise OSError('gone')", "trl", "failed (OSError: gone)"),
    ],
)
def test_a_faulty_function_is_one_line(tmp_path: Path, code: str, call: str, words: str):
    file = _written(tmp_path, code)
    message = _refusal(_config(f"{file}:f", call))
    assert message.startswith(f"reward function {file}:f: ")
    assert words in message


def test_no_such_file(tmp_path: Path):
    with pytest.raises(FileError, match="there is no such file"):
        open_function(RewardFunctionConfig(path=f"{tmp_path}/gone.py:f", call="trl"))


def test_two_files_of_one_name_are_two_modules(tmp_path: Path):
    for name, value in (("a", 1), ("b", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "own.py").write_text(f"VALUE = {value}\ndef f(**k):\n    return [VALUE]")
    functions = tuple(
        RewardFunctionConfig(path=f"{tmp_path / name / 'own.py'}:f", call="trl", name=name) for name in ("a", "b")
    )
    (found,) = rewarded(RewardConfig(functions=functions), DIGIT, said("3"))
    assert found.reward_parts == {"accuracy": 1.0, "a": 1.0, "b": 2.0}


def test_what_a_function_logs_goes_to_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    file = _written(tmp_path, "def f(log_metric, **k):\n    log_metric('mean', 0.5)\n    return [0.0]")
    with caplog.at_level(logging.INFO):
        rewarded(_config(f"{file}:f", "trl"), DIGIT, said("3"))
    assert "mean = 0.5" in caplog.text
