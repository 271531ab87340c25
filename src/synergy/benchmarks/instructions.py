"""Upstream's demands on the answer's format that several benchmarks share; each names its source.

These texts are facts that scores depend on: to the letter, misspellings and doubled spaces included.
"""

from synergy.benchmarks.benchmark import Instruction
from synergy.records import Problem

_SELECT = Instruction(after="\nPlease select the correct answer from the options above. \n")
_THEREFORE = Instruction(
    before="Solve the following math problem efficiently and clearly.  The last line of your response should be of the "
    "following format: 'Therefore, the final answer is: $\\boxed{ANSWER}$. I hope it is correct' (without quotes) "
    "where ANSWER is just the final number or expression that solves the problem. Think step by step before "
    "answering.\n\n"
)
_BOXED = Instruction(after="\nPlease reason step by step, and put your final answer within \\boxed{}.")


def select_option(problem: Problem) -> Instruction | None:
    """VLMEvalKit, vlmeval/dataset/image_mcq.py, ImageMCQDataset.build_prompt; None for a question without options."""
    return _SELECT if problem.choices else None


def therefore_boxed(_: Problem) -> Instruction:
    """huggingface/lighteval, src/lighteval/tasks/default_prompts.py, math_500 and aime_prompt_fn."""
    return _THEREFORE


def boxed_after_reasoning(_: Problem) -> Instruction:
    """QwenLM/Qwen2.5-Math, evaluation/utils.py, the prompt qwen-boxed; its system prompt is not a demand."""
    return _BOXED


def no_demand(_: Problem) -> None:
    """For a benchmark whose upstream puts the question alone; its own file says how that is known."""
