"""How large a step's model is: read from a folder's headers and config, or taken as the study states it."""

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from synergy.config.assumed import AssumedConfig, ModelSizeConfig
from synergy.config.model import LoraConfig, ModelConfig, Part
from synergy.recipes.step import checkpoint_folder
from synergy.studies.parameters import Parameters, tensor_shapes

_PROJECTOR = (".merger.", "deepstack_merger", "multi_modal_projector", "connector.")
_VISION = ("visual.", "vision_tower.", "vision_model.", "vision_encoder.")


@dataclass(frozen=True, kw_only=True)
class ModelSize:
    """A model, as formulas of cost know it."""

    parts: dict[Part, int]  #: parameters
    num_layers: int
    hidden: int
    intermediate: int
    key_value: int  #: key heads × size of a head
    vocabulary: int

    @property
    def parameters(self) -> Parameters:
        """As the ledger's formula counts them."""
        return Parameters(language=self.parts["language"], vision=self.parts["vision"] + self.parts["projector"])

    @property
    def total(self) -> int:
        """All parameters."""
        return sum(self.parts.values())

    @property
    def layer(self) -> int:
        """Matrices of one decoder layer: queries and output h², keys and values h·kv, feed-forward 3·h·i."""
        return 2 * self.hidden**2 + 2 * self.hidden * self.key_value + 3 * self.hidden * self.intermediate

    def trained(self, model: ModelConfig) -> int:
        """Parameters that are trained."""
        if model.lora is not None:
            return self._adapters(model.lora)
        return sum(num for part, num in self.parts.items() if part not in model.freeze)

    def _adapters(self, lora: LoraConfig) -> int:
        """Rank × (inputs + outputs) of each linear layer of the decoder; adapters of other parts are left out."""
        h, kv, i = self.hidden, self.key_value, self.intermediate
        widths = {
            "q_proj": 2 * h,
            "k_proj": h + kv,
            "v_proj": h + kv,
            "o_proj": 2 * h,
            "gate_proj": h + i,
            "up_proj": h + i,
            "down_proj": h + i,
        }
        chosen = widths if lora.targets is None else {name: widths.get(name, 0) for name in lora.targets}
        return lora.rank * self.num_layers * sum(chosen.values())


def size_of(checkpoint: str, assumed: AssumedConfig | None) -> ModelSize | None:
    """Of a local folder or "pocket", else as stated; None where neither knows it. Raises FileError for a torn file."""
    if assumed is not None and checkpoint in assumed.models:
        return _stated(assumed.models[checkpoint])
    folder = Path(checkpoint_folder(checkpoint))
    config = folder / "config.json"
    return _read(folder, json.loads(config.read_text(encoding="utf-8"))) if config.is_file() else None


def _stated(config: ModelSizeConfig) -> ModelSize:
    return ModelSize(
        parts={
            "vision": config.vision_parameters,
            "projector": config.projector_parameters,
            "language": config.language_parameters,
        },
        num_layers=config.num_layers,
        hidden=config.hidden_size,
        intermediate=config.intermediate_size,
        key_value=config.key_value_size,
        vocabulary=config.vocabulary_size,
    )


def _read(folder: Path, config: dict[str, Any]) -> ModelSize | None:
    text: dict[str, Any] = config.get("text_config", config)
    parts: dict[Part, int] = {"vision": 0, "projector": 0, "language": 0}
    for path in sorted(folder.glob("*.safetensors")):
        for name, shape in tensor_shapes(path).items():
            parts[_part_of(name)] += prod(shape)
    try:
        heads, hidden = text["num_attention_heads"], text["hidden_size"]
        head = text.get("head_dim") or hidden // heads
        return ModelSize(
            parts=parts,
            num_layers=text["num_hidden_layers"],
            hidden=hidden,
            intermediate=text["intermediate_size"],
            key_value=head * text.get("num_key_value_heads", heads),
            vocabulary=text["vocab_size"],
        )
    except KeyError:
        return None  # a family that spells its sizes otherwise


def _part_of(name: str) -> Part:
    if any(part in name for part in _PROJECTOR):
        return "projector"
    return "vision" if any(part in name for part in _VISION) else "language"
