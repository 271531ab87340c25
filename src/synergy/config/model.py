"""A policy's checkpoint, how it is loaded, what of it is trained, and how prompts are made for it."""

from typing import Annotated, Literal

from pydantic import Field

from synergy.config.base import Config

Count = Annotated[int, Field(gt=0)]
Part = Literal["vision", "projector", "language"]


class LoraConfig(Config):
    """Low-rank adapters (2106.09685); everything outside them is frozen."""

    rank: Count
    """rank of each adapter"""
    alpha: Annotated[float, Field(gt=0)]
    """scale: an adapter's output is multiplied by alpha / rank"""
    targets: tuple[str, ...] | None = None
    """last names of the linear layers that get adapters, such as q_proj; null for all linear layers of the parts"""
    parts: tuple[Part, ...] = ("language",)
    """the parts whose layers get adapters"""
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """share of an adapter's inputs that is dropped in training"""


class RenderingConfig(Config):
    """Limits on prompts, and what becomes of a problem beyond them. The numbers are ours."""

    max_prompt_tokens: Count = 8192
    """a prompt has at most so many tokens, image tokens included"""
    max_image_pixels: Count = 16_777_216
    """an image has at most so many pixels before the processor resizes it"""
    min_pixels: Count | None = None
    """the processor enlarges smaller images to so many pixels; null for its own limit"""
    max_pixels: Count | None = None
    """the processor reduces larger images to so many pixels; null for its own limit"""
    too_large: Literal["error", "drop"] = "error"
    """beyond a limit: an error, or the problem is dropped and the drop recorded"""
    end_token: str | None = None
    """the token that ends a response; null for the one that the chat template puts after an assistant's turn"""
    cache_bytes: Annotated[int, Field(ge=0)] = 1 << 30
    """rendered prompts with their processed images are kept up to this size"""


class ModelConfig(Config):
    """A vision-language model and what of it is trained."""

    checkpoint: Annotated[str, Field(min_length=1)]
    """a folder, or a repository on the Hugging Face hub"""
    revision: str | None = None
    """a branch, tag or commit of the repository"""
    dtype: Literal["float32", "bfloat16", "float16", "float64"] = "float32"
    """of the weights"""
    device: str = "auto"
    """where the weights are, such as cpu or cuda:0; auto is the first GPU, the CPU where there is none"""
    attention: Literal["sdpa", "flex_attention"] = "sdpa"
    """how the language model attends over tree batches; flex_attention needs a GPU"""
    trust_remote_code: bool = False
    """run the Python code in the checkpoint's repository"""
    freeze: tuple[Part, ...] = ()
    """the parts that are not trained"""
    lora: LoraConfig | None = None
    """train adapters instead of weights"""
    gradient_checkpointing: bool = False
    """recompute activations in the backward pass: less memory, a third more time"""
    logits_bytes: Count = 1 << 28
    """logits of so many bytes at a time are held while log-probabilities are computed"""
    feature_cache_bytes: Annotated[int, Field(ge=0)] = 0
    """image features are kept over steps up to this size; only where vision and projector are not trained"""
    rendering: RenderingConfig = RenderingConfig()
    """limits on prompts"""
