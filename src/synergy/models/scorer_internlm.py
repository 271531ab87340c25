"""Scoring by InternLM-XComposer2.5-Reward, the second study's scorer (2504.11468, section 4.1).

The model is Python code in its own repository; this follows its README: `get_score(chat, image_paths, hd_num=9)` in
half precision. Not run with the model itself yet; tests call it with an object of the same interface.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol, runtime_checkable

import torch
from transformers import AutoModel, AutoTokenizer

from synergy.config.scorer import InternLmXComposerScorerConfig
from synergy.errors import InputError
from synergy.grading.scorer import ScoredText
from synergy.models.checkpoint_checks import check_folder, one_line
from synergy.models.loading import find_device
from synergy.models.visiting import visiting


@runtime_checkable
class RewardModel(Protocol):
    """What of the model's own interface is used."""

    tokenizer: Any

    def get_score(self, conversation: list[dict[str, str]], image: list[str], hd_num: int) -> Any:
        """A number, or a tensor of one, for the last assistant turn of a chat about image files."""
        ...

    def to(self, device: torch.device) -> Any:
        """Move it."""
        ...


class InternLmXComposerScorer:
    """A `Scorer`."""

    def __init__(self, model: RewardModel, config: InternLmXComposerScorerConfig, device: str) -> None:
        self.model = model
        self.config = config
        self.device = find_device(device)

    @classmethod
    def load(cls, config: InternLmXComposerScorerConfig, device: str | None = None) -> "InternLmXComposerScorer":
        """Load in half precision onto the CPU; raises FileError or InputError."""
        check_folder(Path(config.checkpoint))
        options: dict[str, Any] = {"revision": config.revision, "trust_remote_code": config.trust_remote_code}
        try:
            model: Any = AutoModel.from_pretrained(config.checkpoint, dtype=torch.float16, **options)
            model.tokenizer = AutoTokenizer.from_pretrained(config.checkpoint, **options)
        except (
            OSError,
            ValueError,
            ImportError,
            AttributeError,
        ) as error:  # the last: its code is older than transformers
            raise InputError(
                f"scorer '{config.checkpoint}' cannot be loaded: {one_line(error)}; expected "
                "internlm/internlm-xcomposer2d5-7b-reward and what its code imports: check both"
            ) from error
        if not hasattr(model, "get_score"):
            raise InputError(
                f"scorer '{config.checkpoint}' has no get_score; expected internlm/internlm-xcomposer2d5-7b-reward, or "
                "kind: huggingface for another reward model"
            )
        return cls(model.eval(), config, device if device and config.device == "auto" else config.device)

    def score(self, items: Sequence[ScoredText]) -> list[float | None]:
        """As `Scorer.score`; each item's images are files while it is scored, as the model takes paths."""
        precision = torch.autocast(self.device.type, torch.float16, enabled=self.device.type == "cuda")
        with torch.inference_mode(), precision, visiting(self.model, self.device):
            return [self._score(item) for item in items]

    def _score(self, item: ScoredText) -> float:
        chat = [
            {"role": "user", "content": item.problem.question},
            {"role": "assistant", "content": item.text},
        ]
        with TemporaryDirectory(prefix="synergy-scorer-") as folder:
            paths: list[str] = []
            for number, image in enumerate(item.problem.images):
                path = Path(folder) / f"{number}.png"
                image.save(path)
                paths.append(str(path))
            return float(self.model.get_score(chat, paths, hd_num=self.config.max_tiles))
