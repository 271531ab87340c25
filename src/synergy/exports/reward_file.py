"""A stage's reward as a file that verl and EasyR1 load: our grader and weights, called as they call a function.

The file needs this package beside it (`pip install --no-deps vlm-synergy`, and math-verify), but neither its torch nor
its trainer.
"""

from string import Template

from synergy.config.reward import RewardConfig
from synergy.config.train import TrainConfig
from synergy.prompts import PromptPreset

NAME = "reward.py"
FUNCTION = "compute_score"

_TEMPLATE = Template('''\
"""The reward of $title: $accuracy for the answer, $format for the format, gate $gate.

Needs vlm-synergy beside this framework: pip install --no-deps vlm-synergy; pip install "math-verify[antlr4_13_2]".
An attempt that cannot be scored gets 0 here; with Synergy it would have no reward.
"""

import json

from synergy.grading.grade import grade
from synergy.grading.rewards.gates import is_open
from synergy.prompts import get_preset
from synergy.records import AnswerKind, Problem

REWARD_NAME = "synergy"
REWARD_TYPE = "batch"
PRESET = get_preset("$preset")
ACCURACY, FORMAT, GATE = $accuracy, $format, "$gate"


def _score(response, answer, answer_kind, choices):
    problem = Problem(
        id="", question="", answer=answer, answer_kind=AnswerKind(answer_kind), choices=tuple(choices or ())
    )
    verdict = grade(problem, response, preset=PRESET)
    accuracy, layout = verdict.score or 0.0, verdict.parts.get("format", 0.0)
    earned = ACCURACY * accuracy + FORMAT * layout
    return (earned if is_open(GATE, verdict) else 0.0), accuracy, layout


$function
''')

_VERL = '''\
def compute_score(data_source, solution_str, ground_truth, extra_info=None, **kwargs):
    """As verl calls it: once an attempt."""
    facts = extra_info or {}
    overall, accuracy, layout = _score(solution_str, ground_truth, facts["answer_kind"], facts.get("choices"))
    return {"score": overall, "accuracy": accuracy, "format": layout}
'''

_EASYR1 = '''\
def compute_score(reward_inputs, **kwargs):
    """As EasyR1 calls it: once for a batch; the gold answer comes with its kind, as JSON."""
    scores = []
    for each in reward_inputs:
        gold = json.loads(each["ground_truth"])
        overall, accuracy, layout = _score(each["response"], gold["answer"], gold["answer_kind"], gold.get("choices"))
        scores.append({"overall": overall, "accuracy": accuracy, "format": layout})
    return scores
'''


def reward_file(config: TrainConfig, preset: PromptPreset, title: str, *, for_easyr1: bool) -> str:
    """The file's text."""
    reward = config.reward
    text = _TEMPLATE.substitute(
        title=title.replace('"', "'").replace("\\", "/"),
        accuracy=repr(reward.accuracy),
        format=repr(reward.format),
        gate=reward.gate,
        preset=preset.name,
        function=(_EASYR1 if for_easyr1 else _VERL).rstrip(),
    )
    return text if for_easyr1 else text.replace("import json\n\n", "", 1)


def reward_differences(reward: RewardConfig) -> list[str]:
    """Terms that the file has not."""
    found = ["an attempt that cannot be scored: reward 0 there, with ours it has none and stays out of its group"]
    named = {"open_ended": reward.open_ended, "overlong": reward.overlong, "cosine": reward.cosine}
    named |= {"repetition": reward.repetition, "functions": reward.functions or None}
    found += [f"reward.{name}: not in reward.py" for name, section in named.items() if section is not None]
    return found
