"""Drawing a step's problems, alike on all processes; each reads and renders the share that it works on."""

from collections.abc import Iterator
from dataclasses import dataclass

from synergy.data.examples import Example, Examples
from synergy.data.order import ProblemOrder
from synergy.errors import InputError
from synergy.models.prompt import Dropped, Prompt
from synergy.models.rendering import Renderer
from synergy.prompts import PromptPreset
from synergy.training.processes import Processes


@dataclass(frozen=True, kw_only=True, eq=False)
class Turn:
    """One problem's turn in a step, on the process that works on it."""

    number: int  #: among the turns of the step, over all processes: the order of everything that follows
    visit: int  #: how often the problem was drawn before
    example: Example
    prompt: Prompt


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What was drawn: this process's turns, and what all of them drew together."""

    turns: tuple[Turn, ...]
    num: int
    dropped: tuple[str, ...]  #: ids of problems too large to be rendered, over all processes


class Drawer:
    """Takes problems from an order until enough were found that fit the limits."""

    def __init__(
        self,
        examples: Examples,
        order: ProblemOrder,
        renderer: Renderer,
        preset: PromptPreset,
        processes: Processes,
    ) -> None:
        self.examples = examples
        self.order = order
        self.renderer = renderer
        self.preset = preset
        self.processes = processes

    def draw(self, num: int, *, first_number: int = 0) -> Drawn:
        """`num` problems, numbered from `first_number`; those that the config drops are replaced by later ones.

        Raises InputError where none of the data set is left.
        """
        turns: list[Turn] = []
        dropped: list[str] = []
        number = first_number
        num_tried = num_found = 0
        while num_found < num:
            visits = self.order.take(num - num_found)
            num_tried += len(visits)
            own_dropped: list[str] = []
            for visit in visits:
                if self.processes.owns(number):
                    example = self.examples[visit.index]
                    prompt = self.renderer.prompt(example.problem, self.preset)
                    if isinstance(prompt, Dropped):
                        own_dropped.append(example.problem.id)
                    else:
                        turns.append(Turn(number=number, visit=visit.visit, example=example, prompt=prompt))
                number += 1
            found = self._merge(own_dropped)
            dropped += found
            num_found += len(visits) - len(found)
            if not num_found and num_tried >= len(self.examples):
                raise InputError(
                    f"all {len(self.examples)} problems were dropped as too large, which leaves zero; expected at "
                    "least one: raise model.rendering.max_prompt_tokens or max_image_pixels"
                )
        return Drawn(turns=tuple(turns), num=number - first_number, dropped=tuple(dropped))

    def _merge(self, own: list[str]) -> list[str]:
        if self.renderer.config.too_large == "error":
            return []
        return [each for part in self.processes.gather(own) for each in part]


def first_turns(
    examples: Examples, num: int, renderer: Renderer, preset: PromptPreset, processes: Processes, *, visit: int
) -> Iterator[Turn]:
    """This process's share of the first `num` problems in their own order; those too large are left out."""
    for number in range(min(num, len(examples))):
        if processes.owns(number):
            example = examples[number]
            prompt = renderer.prompt(example.problem, preset)
            if not isinstance(prompt, Dropped):
                yield Turn(number=number, visit=visit, example=example, prompt=prompt)
