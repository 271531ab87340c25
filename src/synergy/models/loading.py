"""Loading a vision-language model for training and sampling, and the check that decides how it runs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from torch import nn
from transformers import AutoModelForImageTextToText, AutoProcessor, PreTrainedModel, ProcessorMixin

from synergy.config.model import ModelConfig
from synergy.cpu_linear import use_fast_linear
from synergy.errors import FileError, InputError
from synergy.models import parts, tree_attention
from synergy.models.checkpoint_checks import check_files, check_folder, check_processor, one_line, read_config
from synergy.models.families import FAMILIES
from synergy.models.image_limits import limit_pixels
from synergy.models.lora import add_adapter
from synergy.models.policy import Path as RunPath
from synergy.models.policy import Policy
from synergy.models.positions import prompt_positions
from synergy.models.rendering import Renderer, VisualTokens
from synergy.models.self_check import check_head, choose_path

#: config attributes that name visual tokens, in the families' various spellings
_VISUAL_IDS = (
    "image_token_id",
    "video_token_id",
    "audio_token_id",
    "vision_start_token_id",
    "vision_end_token_id",
    "vision_token_id",
    "boi_token_id",
    "eoi_token_id",
    "image_token_index",
    "video_token_index",
    "boi_token_index",
    "eoi_token_index",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadedModel:
    """A model ready for training and sampling."""

    config: ModelConfig
    model: PreTrainedModel  #: the Hugging Face model, which `policy` wraps
    processor: ProcessorMixin
    renderer: Renderer
    policy: Policy
    adapter: Any  #: PEFT's wrapper of `model`, None without LoRA
    path_reason: str  #: why `path` is what it is

    @property
    def path(self) -> RunPath:
        """Whether it runs tree batches, or its own padded forward."""
        return self.policy.path


def load_model(config: ModelConfig) -> LoadedModel:
    """Load, freeze, adapt, check.

    Raises FileError or InputError for what cannot be loaded, MissingExtraError for LoRA without PEFT.
    """
    check_folder(Path(config.checkpoint))
    read_config(config)
    check_files(Path(config.checkpoint))
    processor = _load_processor(config)
    model = _load_weights(config)
    return assemble(config, model, processor)


def assemble(config: ModelConfig, model: PreTrainedModel, processor: ProcessorMixin) -> LoadedModel:
    """A loaded model from its pieces: freezing, adapter, renderer, policy, and the check of how it runs."""
    parts.freeze(model, config.freeze)
    adapter = add_adapter(model, config.lora) if config.lora else None
    if config.gradient_checkpointing:
        model.activation_checkpointing_enable({"use_reentrant": False})
    use_fast_linear(model)
    family = FAMILIES.get(model.config.model_type)
    visual = visual_tokens(model)
    renderer = Renderer(
        processor,
        config.rendering,
        visual_tokens=visual,
        positions=lambda ids, inputs: prompt_positions(model.base_model, ids, inputs),
        family=family,
    )
    policy = Policy(
        model,
        family=family,
        banned_ids=sorted(visual.banned),
        logits_bytes=config.logits_bytes,
        feature_cache_bytes=config.feature_cache_bytes,
    )
    check_head(policy, renderer)
    policy.path, reason = choose_path(policy, renderer, _tree_attention(model, config))
    return LoadedModel(
        config=config,
        model=model,
        processor=processor,
        renderer=renderer,
        policy=policy,
        adapter=adapter,
        path_reason=reason,
    )


def _tree_attention(model: PreTrainedModel, config: ModelConfig) -> str:
    """The registered name of the attention over tree batches."""
    flexible = config.attention == "flex_attention"
    if flexible and model.device.type == "cpu":
        raise InputError("attention flex_attention has no backward pass on CPU; expected a GPU: give attention: sdpa")
    tree_attention.register()
    return tree_attention.FLEX if flexible else tree_attention.SEGMENTS


def visual_tokens(model: PreTrainedModel) -> VisualTokens:
    """The visual tokens that the config names; raises InputError where it names no placeholder of images."""
    ids = {name: getattr(model.config, name, None) for name in _VISUAL_IDS}
    placeholder = ids["image_token_id"] if ids["image_token_id"] is not None else ids["image_token_index"]
    if placeholder is None:
        raise InputError(
            f"the config of model type '{model.config.model_type}' names no image_token_id; expected one, as its "
            "tokens are kept out of responses: use a model whose images stand at placeholder tokens"
        )
    size = cast(nn.Embedding, model.get_input_embeddings()).num_embeddings
    banned = frozenset(index for index in ids.values() if isinstance(index, int) and 0 <= index < size)
    return VisualTokens(placeholder=placeholder, banned=banned)


def _load_processor(config: ModelConfig) -> ProcessorMixin:
    try:
        processor: object = AutoProcessor.from_pretrained(
            config.checkpoint, revision=config.revision, trust_remote_code=config.trust_remote_code
        )
    except (OSError, ValueError, ImportError, AttributeError, KeyError, TypeError) as error:
        # the last three: a processor's constructor that misses something in the files
        raise InputError(
            f"cannot load the processor of checkpoint '{config.checkpoint}': {one_line(error)}; expected "
            "processor_config.json (or preprocessor_config.json) and the tokenizer's files beside the weights"
        ) from error
    return limit_pixels(check_processor(processor, config.checkpoint), config.rendering, config.checkpoint)


def _load_weights(config: ModelConfig) -> PreTrainedModel:
    try:
        model, info = AutoModelForImageTextToText.from_pretrained(
            config.checkpoint,
            revision=config.revision,
            trust_remote_code=config.trust_remote_code,
            dtype=getattr(torch, config.dtype),
            use_safetensors=True,
            output_loading_info=True,
        )
    except SafetensorError as error:
        raise FileError(
            f"cannot read the weights of checkpoint '{config.checkpoint}': {one_line(error)}; "
            "expected whole safetensors files: copy or download them again"
        ) from error
    except (OSError, ValueError, ImportError) as error:
        raise InputError(f"cannot load checkpoint '{config.checkpoint}': {one_line(error)}") from error
    absent = sorted({*info["missing_keys"], *(key for key, *_ in info["mismatched_keys"])})
    if absent:
        raise InputError(
            f"checkpoint '{config.checkpoint}' lacks {len(absent)} weights or has them in another shape, "
            f"the first is {absent[0]}; expected all of them, as what is missing would be random: download it again"
        )
    return model.to(find_device(config.device))


def find_device(name: str) -> torch.device:
    """The device of that name; auto is the first GPU, the CPU where there is none. Raises InputError."""
    if name == "auto":
        return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"device '{name}' is none; expected auto, cpu or a GPU such as cuda:0") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise InputError(f"device '{name}': this machine has no GPU that PyTorch can use; expected auto or cpu")
    return device
