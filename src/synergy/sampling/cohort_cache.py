"""Keys and values of responses that started together, and attention of their newest tokens.

A cohort's responses all have the same number of tokens, so what a token sees is a slice and no mask can leak: the
prompt, kept once for all its responses, and the response's own tokens. Own tokens lie in two pieces, `packed` without
gaps and `recent` with room to write: with the gaps of a preallocated row, products on a CPU took two to three times as
long, and growing by one token copies everything at every step.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from synergy.sampling.prompt_states import PromptStates

BLOCK = 16  #: tokens of `recent`: few make for copying, many for gaps

Rows = Float[Tensor, "rows kv_heads width"]


class OwnTokens:
    """Keys, or values, of one layer's own tokens."""

    def __init__(self) -> None:
        self.packed: Tensor | None = None  # [rows, kv_heads, tokens, width]
        self.recent: Tensor | None = None  # [rows, kv_heads, BLOCK, width]

    def write(self, states: Rows, place: int) -> None:
        if self.recent is None:
            rows, heads, width = states.shape
            self.recent = states.new_empty(rows, heads, BLOCK, width)
        self.recent[:, :, place] = states

    def pack(self) -> None:
        assert self.recent is not None, "only a full block is packed"
        full = self.recent
        self.packed = full if self.packed is None else torch.cat([self.packed, full], dim=2)
        self.recent = None

    def keep(self, rows: Int[Tensor, " kept"]) -> None:
        self.packed = None if self.packed is None else self.packed.index_select(0, rows)
        self.recent = None if self.recent is None else self.recent.index_select(0, rows)

    def pieces(self, first: int, end: int) -> list[Tensor]:
        """The tokens from `first` to before `end`, in order, in at most two pieces."""
        found, before = [], 0
        for piece in (self.packed, self.recent):
            if piece is not None:
                stop = min(end - before, piece.shape[2])
                if first - before < stop:
                    found.append(piece[:, :, max(0, first - before) : stop])
                before += piece.shape[2]
        return found


class CohortCache:
    """What the responses of a cohort attend to."""

    def __init__(self, prompts: PromptStates, prompt_of_row: Int[Tensor, " rows"]) -> None:
        """`prompt_of_row` rises: responses to one prompt are neighbours."""
        self.length = 0  #: own tokens of each response
        self._keys = [OwnTokens() for _ in prompts.keys]
        self._values = [OwnTokens() for _ in prompts.values]
        self._place(prompts, prompt_of_row)

    def __len__(self) -> int:
        """How many responses."""
        return len(self.prompt_of_row)

    def _place(self, prompts: PromptStates, prompt_of_row: Tensor) -> None:
        """Lay rows out as prompts × places; prompts without rows are let go."""
        used, prompt_of_row, counts = prompt_of_row.unique_consecutive(return_inverse=True, return_counts=True)
        self.prompts = prompts if len(used) == len(prompts) else prompts.select(used)
        self.prompt_of_row = prompt_of_row
        self._places = int(counts.max())
        starts = counts.cumsum(0) - counts
        rank = torch.arange(len(prompt_of_row), device=counts.device) - starts[prompt_of_row]
        self._is_full = len(prompt_of_row) == len(used) * self._places
        self._slot_of_row = prompt_of_row * self._places + rank
        # a place without a row repeats row 0, whose result is not read
        self._row_of_slot = torch.zeros(len(used) * self._places, dtype=torch.int64, device=counts.device)
        self._row_of_slot[self._slot_of_row] = torch.arange(len(prompt_of_row), device=counts.device)

    def keep(self, rows: Int[Tensor, " kept"]) -> None:
        """Let all other responses go; `rows` rises."""
        for tokens in (*self._keys, *self._values):
            tokens.keep(rows)
        self._place(self.prompts, self.prompt_of_row[rows])

    def advance(self) -> None:
        """All layers have written their newest token."""
        self.length += 1
        if self.length % BLOCK == 0:
            for tokens in (*self._keys, *self._values):
                tokens.pack()

    def attend(
        self,
        layer: int,
        query: Float[Tensor, "rows heads width"],
        key: Rows,
        value: Rows,
        *,
        scaling: float,
        window: int | None,
    ) -> Float[Tensor, "rows heads value_width"]:
        """Attention of the newest token of each response, which is written first."""
        self._keys[layer].write(key, self.length % BLOCK)
        self._values[layer].write(value, self.length % BLOCK)
        rows, heads, width = query.shape
        query = _exact(query * scaling).view(rows, key.shape[1], -1, width)
        # of the tokens before the newest, itself included, those fewer than `window` places away
        end = self.length + 1
        first = 0 if window is None else max(0, end - window)
        first_of_prompt = 0 if window is None else max(0, end - window + self.prompts.length)
        sees_prompt = first_of_prompt < self.prompts.length
        scores = [query @ _exact(piece).transpose(2, 3) for piece in self._keys[layer].pieces(first, end)]
        if sees_prompt:
            scores.insert(0, self._prompt_scores(query, layer, first_of_prompt))
        sizes = [part.shape[3] for part in scores]
        weights = list(torch.cat(scores, dim=3).softmax(dim=3).split(sizes, dim=3))
        output = self._prompt_output(weights.pop(0), layer, first_of_prompt) if sees_prompt else None
        for part, piece in zip(weights, self._values[layer].pieces(first, end), strict=True):
            product = part @ _exact(piece)
            output = product if output is None else output.add_(product)
        assert output is not None, "a token sees itself"
        return output.reshape(rows, heads, -1).to(value.dtype)

    def _prompt_scores(self, query: Tensor, layer: int, first: int) -> Float[Tensor, "rows kv_heads group keys"]:
        """Scores with the prompt: one product for all responses of a prompt."""
        scores = self._by_prompt(query) @ _exact(self.prompts.keys[layer][:, :, first:]).transpose(2, 3)
        if self.prompts.padding is not None:
            scores += self.prompts.padding[..., first:]
        return self._by_row(scores, query.shape[2])

    def _prompt_output(self, weights: Tensor, layer: int, first: int) -> Float[Tensor, "rows kv_heads group width"]:
        output = self._by_prompt(weights) @ _exact(self.prompts.values[layer][:, :, first:])
        return self._by_row(output, weights.shape[2])

    def _by_prompt(self, tensor: Tensor) -> Float[Tensor, "prompts kv_heads places_group last"]:
        """[rows, kv_heads, group, last] with all rows of a prompt side by side."""
        if not self._is_full:
            tensor = tensor.index_select(0, self._row_of_slot)
        _, heads, group, last = tensor.shape
        tensor = tensor.view(-1, self._places, heads, group, last).transpose(1, 2)
        return tensor.reshape(-1, heads, self._places * group, last)

    def _by_row(self, tensor: Tensor, group: int) -> Float[Tensor, "rows kv_heads group last"]:
        """The way back."""
        prompts, heads, _, last = tensor.shape
        tensor = tensor.view(prompts, heads, self._places, group, last).transpose(1, 2)
        tensor = tensor.reshape(-1, heads, group, last)
        return tensor if self._is_full else tensor.index_select(0, self._slot_of_row)


def _exact(tensor: Tensor) -> Tensor:
    """At least float32: half precision would round the scores before their softmax."""
    return tensor if tensor.dtype in (torch.float32, torch.float64) else tensor.float()
