"""Scoring by a Hugging Face reward model: one logit at the end of a chat of question and answer.

The chat is the model's own template around the problem's images, its question and the answer. Special tokens are taken
out of both texts first, so that no answer can end its turn and speak in another's.
"""

import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from transformers import AutoModelForSequenceClassification, AutoProcessor, PreTrainedModel, PreTrainedTokenizerBase

from synergy.config.scorer import HuggingFaceScorerConfig
from synergy.errors import FileError, InputError
from synergy.grading.scorer import ScoredText
from synergy.models.checkpoint_checks import check_files, check_folder, one_line
from synergy.models.loading import find_device
from synergy.models.visiting import visiting

logger = logging.getLogger(__name__)


class HuggingFaceScorer:
    """A `Scorer`."""

    def __init__(self, model: PreTrainedModel, processor: Any, config: HuggingFaceScorerConfig, device: str) -> None:
        """`processor` is the model's, or its tokenizer where it takes no images.

        Raises InputError for a model with another number of logits than one, or without a chat template.
        """
        self.model = model.eval().requires_grad_(False)
        self.processor = processor
        self.tokenizer: PreTrainedTokenizerBase = getattr(processor, "tokenizer", processor)
        self.takes_images = getattr(processor, "image_processor", None) is not None
        self.config = config
        self.device = find_device(device)
        _check(model, processor, self.tokenizer, config.checkpoint)
        self.tokenizer.padding_side = "right"
        # the model looks for the last token that is no padding
        text_config = model.config.get_text_config()
        if text_config.pad_token_id is None:
            text_config.pad_token_id = self.tokenizer.pad_token_id
        self.batch_size = 1 if text_config.pad_token_id is None else config.batch_size
        marks = {*self.tokenizer.all_special_tokens, *self.tokenizer.get_added_vocab()}
        self._marks = re.compile("|".join(map(re.escape, sorted(marks, key=len, reverse=True)))) if marks else None

    @classmethod
    def load(cls, config: HuggingFaceScorerConfig, device: str | None = None) -> "HuggingFaceScorer":
        """Load onto the CPU; `device` is the process's own, for auto. Raises FileError or InputError."""
        check_folder(Path(config.checkpoint))
        check_files(Path(config.checkpoint))
        model, processor = _load(config)
        return cls(model, processor, config, device if device and config.device == "auto" else config.device)

    def score(self, items: Sequence[ScoredText]) -> list[float | None]:
        """As `Scorer.score`; raises InputError for images that the model cannot take."""
        found: list[float | None] = []
        with torch.inference_mode(), visiting(self.model, self.device):
            for start in range(0, len(items), self.batch_size):
                inputs = self._inputs(items[start : start + self.batch_size])
                found += self.model(**inputs).logits[:, 0].float().tolist()
        return found

    def _inputs(self, items: Sequence[ScoredText]) -> Mapping[str, Any]:
        output: Any = self.processor.apply_chat_template(
            [self._chat(item) for item in items],
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            **({"processor_kwargs": {"padding": True}} if self.takes_images else {"padding": True}),
        )
        return output.to(self.device)

    def _chat(self, item: ScoredText) -> list[dict[str, Any]]:
        question, answer = self._plain(item.problem.question), self._plain(item.text)
        if not self.takes_images:
            if item.problem.images and not self.config.ignore_images:
                raise InputError(
                    f"problem '{item.problem.id}' has images and the scorer '{self.config.checkpoint}' takes none; "
                    "expected a vision-language reward model: use another, or give ignore_images: true"
                )
            return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        asked: list[dict[str, Any]] = [{"type": "image", "image": image} for image in item.problem.images]
        asked.append({"type": "text", "text": question})
        return [
            {"role": "user", "content": asked},
            {"role": "assistant", "content": [{"type": "text", "text": answer}]},
        ]

    def _plain(self, text: str) -> str:
        """Without special tokens, those that the removal of others would make included."""
        while self._marks is not None and self._marks.search(text):
            text = self._marks.sub("", text)
        return text


def _load(config: HuggingFaceScorerConfig) -> tuple[PreTrainedModel, Any]:
    label = f"scorer '{config.checkpoint}'"
    options: dict[str, Any] = {"revision": config.revision, "trust_remote_code": config.trust_remote_code}
    try:
        processor = AutoProcessor.from_pretrained(config.checkpoint, **options)
        model, info = cast(
            tuple[PreTrainedModel, dict[str, Any]],
            AutoModelForSequenceClassification.from_pretrained(
                config.checkpoint,
                dtype=getattr(torch, config.dtype),
                use_safetensors=True,
                output_loading_info=True,
                **options,
            ),
        )
    except SafetensorError as error:
        raise FileError(
            f"{label}: cannot read its weights: {one_line(error)}; expected whole safetensors files: download it again"
        ) from error
    except (OSError, ValueError, ImportError) as error:
        raise InputError(
            f"{label} cannot be loaded: {one_line(error)}; expected a model with a classification head that "
            "transformers knows: use another, or kind: http"
        ) from error
    absent = sorted({*info["missing_keys"], *(key for key, *_ in info["mismatched_keys"])})
    if absent:
        raise InputError(
            f"{label} lacks {len(absent)} weights, the first is {absent[0]}; expected all of them, as what is missing "
            "would be random: use a checkpoint that was trained as a reward model"
        )
    return model, processor


def _check(model: PreTrainedModel, processor: Any, tokenizer: PreTrainedTokenizerBase, checkpoint: str) -> None:
    if model.config.num_labels != 1:
        raise InputError(
            f"scorer '{checkpoint}' has {model.config.num_labels} logits; expected 1, as a reward model has: "
            "use another"
        )
    if not (getattr(processor, "chat_template", None) or tokenizer.chat_template):
        raise InputError(
            f"scorer '{checkpoint}' has no chat template; expected chat_template.jinja beside its tokenizer: add it"
        )
