"""A cohort: responses that started together, with what they attend to."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from synergy.sampling.cohort_cache import CohortCache
from synergy.sampling.prompt_states import PromptStates
from synergy.sampling.responses import ResponseRows

_DEAD_FRACTION = 1 / 8  #: so many ended rows are worth the copy that lets them go


class Cohort:
    """`rows` of responses, grouped by prompt."""

    def __init__(self, prompts: PromptStates, prompt_of_row: Sequence[int], rows: ResponseRows) -> None:
        index = torch.tensor(prompt_of_row, device=prompts.hidden.device)
        self.rows = rows
        self.cache = CohortCache(prompts, index)
        self.num_axes = prompts.num_axes
        self.first_hidden = prompts.hidden[index]  #: [rows, width], predicts each first token
        self._first_positions = prompts.next_positions[index]

    def __len__(self) -> int:
        """Rows, ended ones among them."""
        return len(self.rows)

    @property
    def positions(self) -> Int[Tensor, " rows"]:
        """Of each row's newest token."""
        return self._first_positions + (self.rows.num_tokens - 1)

    def compact(self) -> None:
        """Let ended rows go where it pays; at least one response goes on."""
        if len(self) - self.rows.num_alive < _DEAD_FRACTION * len(self):
            return
        kept = np.flatnonzero(self.rows.alive)
        index = torch.from_numpy(kept).to(self._first_positions.device)
        self.rows.keep(kept)
        self.cache.keep(index)
        self._first_positions = self._first_positions[index]
