"""What is measured: the model, the prompts, the responses; the same for both sides."""

from dataclasses import dataclass
from typing import Literal

ModelName = Literal["qwen_11m", "qwen_3b", "pocket"]


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where and in which type both sides run."""

    device: str = "cpu"
    dtype: Literal["float32", "bfloat16"] = "float32"


CPU = Machine()


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One step of training on made-up problems, as the first row of the table has it by default."""

    model: ModelName = "qwen_11m"
    machine: Machine = CPU
    num_problems: int = 4
    group_size: int = 8
    image_tokens: int = 196  #: a square number, as each picture is one square
    num_words: int = 18  #: of the question; the prompt has then about 250 tokens
    min_response_tokens: int = 40
    max_response_tokens: int = 96
    is_tower_frozen: bool = False
    num_silent_problems: int = 0  #: whose rewards are all equal, so that they teach nothing
    seed: int = 0

    @property
    def num_responses(self) -> int:
        """Of the whole step."""
        return self.num_problems * self.group_size
