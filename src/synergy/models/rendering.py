"""From a problem to what a model reads, with the model's own chat template and processor; one way for everybody.

Token for token what `processor(text=..., images=...)` gives for the template's text. A start token that the template
already wrote is not added a second time (as in `apply_chat_template(tokenize=True)`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, cast

import torch
from jaxtyping import Int
from PIL.Image import Image
from torch import Tensor
from transformers import ProcessorMixin

from synergy.config.model import RenderingConfig
from synergy.errors import InputError
from synergy.models.byte_cache import ByteCache
from synergy.models.families import Family
from synergy.models.prompt import Dropped, ImageItem, Prompt
from synergy.models.trees import TokenIds
from synergy.prompts import PromptPreset
from synergy.records import Problem

PositionRule = Callable[[Int[Tensor, " length"], Mapping[str, Tensor]], Int[Tensor, "axes length"]]
_MARKER = "A response."


@dataclass(frozen=True, kw_only=True)
class VisualTokens:
    """The ids of a model's visual tokens."""

    placeholder: int  #: stands where image features go
    banned: frozenset[int]  #: those that a response may not hold, the placeholder among them


class Renderer:
    """Renders problems for one model; keeps what it rendered, up to `config.cache_bytes`."""

    def __init__(
        self,
        processor: ProcessorMixin,
        config: RenderingConfig,
        *,
        visual_tokens: VisualTokens,
        positions: PositionRule,
        family: Family | None,
    ) -> None:
        self.processor = processor
        self.tokenizer = processor.tokenizer
        self.config = config
        self.visual_tokens = visual_tokens
        self.positions = positions
        self.family = family
        self.end_token_id = self._end_token()
        self.cache = ByteCache[Prompt](config.cache_bytes)

    # ---- prompts

    def text(self, problem: Problem, preset: PromptPreset | None) -> str:
        """The chat up to where the assistant's turn starts; images come first, None asks the bare question."""
        asked = preset.user_text(problem.question) if preset else problem.question
        content: list[dict[str, str]] = [{"type": "image"} for _ in problem.images]
        content.append({"type": "text", "text": asked})
        messages = [{"role": "user", "content": content}]
        if preset and preset.system:
            messages.insert(0, {"role": "system", "content": [{"type": "text", "text": preset.system}]})
        return self._template(messages, add_generation_prompt=True)

    def prompt(self, problem: Problem, preset: PromptPreset | None) -> Prompt | Dropped:
        """The rendered problem.

        Beyond a limit of the config: Dropped where it says so, else InputError. Raises InputError where the processor
        refuses the problem, for instance because the question holds a visual token.
        """
        pixels = max((image.width * image.height for image in problem.images), default=0)
        if pixels > self.config.max_image_pixels:
            return self._too_large(problem, num_tokens=None, pixels=pixels)
        key = (self.text(problem, preset), tuple(_image_digest(image) for image in problem.images))
        prompt = self.cache.get(key)
        if prompt is None:
            prompt = self.render(problem, preset)
            self.cache.put(key, prompt, prompt.num_bytes)
        if prompt.num_tokens > self.config.max_prompt_tokens:
            return self._too_large(problem, num_tokens=prompt.num_tokens, pixels=pixels)
        return replace(prompt, problem_id=problem.id)

    def render(self, problem: Problem, preset: PromptPreset | None) -> Prompt:
        """The same without limits and without keeping it."""
        text, start = self.text(problem, preset), self.tokenizer.bos_token
        try:
            # the processors' keyword arguments are not typed
            output: Mapping[str, Any] = cast(Any, self.processor)(
                text=[text],
                images=[list(problem.images)] if problem.images else None,
                add_special_tokens=not (start and text.startswith(start)),
                return_tensors="pt",
            )
        except ValueError as error:
            raise InputError(
                f"problem '{problem.id}': the processor refuses it: {' '.join(str(error).split())}; "
                "expected a question without visual tokens and images that the processor can read"
            ) from error
        inputs = {name: value for name, value in output.items() if name not in ("input_ids", "attention_mask")}
        return make_prompt(
            problem.id,
            output["input_ids"][0],
            inputs,
            placeholder=self.visual_tokens.placeholder,
            positions=self.positions,
            family=self.family,
        )

    def _too_large(self, problem: Problem, *, num_tokens: int | None, pixels: int) -> Dropped:
        """The drop, or the error that names both limits."""
        size = "" if num_tokens is None else f"the prompt has {num_tokens} tokens and "
        limits = f"{self.config.max_prompt_tokens} tokens and {self.config.max_image_pixels} pixels"
        reason = f"{size}its largest image has {pixels} pixels; expected at most {limits}"
        if self.config.too_large == "drop":
            return Dropped(problem_id=problem.id, reason=reason)
        raise InputError(
            f"problem '{problem.id}': {reason}: raise max_prompt_tokens or max_image_pixels, "
            "shrink the image, or give too_large: drop"
        )

    # ---- responses

    def response(self, problem_id: str, response: str | TokenIds) -> Int[Tensor, " length"]:
        """Token ids of a response: a text with the end token after it, ids as they are.

        Raises InputError where one of them is a visual token.
        """
        if isinstance(response, str):
            ids = self.tokenizer(response, add_special_tokens=False)["input_ids"]
            response = [*ids, self.end_token_id]
        ids = torch.as_tensor(response, dtype=torch.int64)
        banned = self.visual_tokens.banned.intersection(ids.tolist())
        if banned:
            names = ", ".join(self.tokenizer.convert_ids_to_tokens(sorted(banned)))
            raise InputError(
                f"problem '{problem_id}': the response holds the visual token {names}; expected text alone: remove it"
            )
        return ids

    def _end_token(self) -> int:
        """The token after the assistant's words: the first special one that the template puts there."""
        if self.config.end_token is not None:
            found = self.tokenizer.convert_tokens_to_ids(self.config.end_token)
            if found is None or found == self.tokenizer.unk_token_id:
                raise InputError(f"end_token '{self.config.end_token}' is not in the vocabulary; expected one token")
            return found
        content = [{"type": "text", "text": _MARKER}]
        chat = [{"role": "user", "content": content}, {"role": "assistant", "content": content}]
        after = self._template(chat, add_generation_prompt=False).rpartition(_MARKER)[2]
        special = {index for index, token in self.tokenizer.added_tokens_decoder.items() if token.special}
        ids = self.tokenizer(after, add_special_tokens=False)["input_ids"]
        end = next((index for index in ids if index in special), self.tokenizer.eos_token_id)
        if end is None:
            raise InputError(
                "the chat template ends an assistant's turn without a special token and the tokenizer has no "
                "eos_token; expected one of them: give end_token in the config"
            )
        return end

    def _template(self, messages: Sequence[Mapping[str, Any]], *, add_generation_prompt: bool) -> str:
        return cast(Any, self.processor).apply_chat_template(
            list(messages), tokenize=False, add_generation_prompt=add_generation_prompt
        )


def make_prompt(
    problem_id: str,
    token_ids: Int[Tensor, " length"],
    model_inputs: Mapping[str, Tensor],
    *,
    placeholder: int,
    positions: PositionRule,
    family: Family | None,
) -> Prompt:
    """A prompt from what a processor made: token ids, and all else that the model's own forward takes."""
    shown = token_ids == placeholder
    items: tuple[ImageItem, ...] = ()
    if family is not None and shown.any():
        items = tuple(ImageItem(key=_tensors_digest(item), inputs=item) for item in family.cut(model_inputs))
    return Prompt(
        problem_id=problem_id,
        token_ids=token_ids,
        position_ids=positions(token_ids, model_inputs),
        image_blocks=_runs(shown),
        items=items,
        model_inputs=model_inputs,
    )


def _runs(flags: Tensor) -> Int[Tensor, " length"]:
    """The number of each unbroken run of True, -1 elsewhere."""
    starts = flags & ~torch.cat([flags.new_zeros(1), flags[:-1]])
    return torch.where(flags, starts.cumsum(0) - 1, -1)


def _image_digest(image: Image) -> bytes:
    digest = blake2b(f"{image.mode} {image.size}".encode(), digest_size=16)
    digest.update(image.tobytes())
    return digest.digest()


def _tensors_digest(tensors: Mapping[str, Tensor]) -> str:
    digest = blake2b(digest_size=16)
    for name in sorted(tensors):
        digest.update(f"{name} {tuple(tensors[name].shape)}".encode())
        digest.update(tensors[name].contiguous().numpy().tobytes())
    return digest.hexdigest()
