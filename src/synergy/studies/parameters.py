"""How many parameters a checkpoint has, and what tokens cost: the numbers behind the ledger's FLOPs."""

import json
import struct
from math import prod
from pathlib import Path
from typing import NamedTuple

from synergy.errors import FileError
from synergy.studies.plan_file import LedgerPart

_VISION = ("visual.", "vision_tower.", "vision_model.", "vision_encoder.")
_MAX_HEADER_BYTES = 1 << 28


class Parameters(NamedTuple):
    """Numbers of parameters."""

    language: int
    vision: int  #: tower and projector

    @property
    def total(self) -> int:
        """All of them."""
        return self.language + self.vision


def count_parameters(folder: Path) -> Parameters | None:
    """From the headers of a folder's safetensors files, None where there are none; raises FileError for a torn one."""
    language = vision = 0
    files = sorted(folder.glob("*.safetensors"))
    for path in files:
        for name, shape in tensor_shapes(path).items():
            if any(part in name for part in _VISION):
                vision += prod(shape)
            else:
                language += prod(shape)
    return Parameters(language, vision) if files else None


def tensor_shapes(path: Path) -> dict[str, list[int]]:
    """The shapes in a safetensors file's header, by name; raises FileError for a torn one."""
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(min(length, _MAX_HEADER_BYTES)))
    except (OSError, ValueError, struct.error) as error:
        raise FileError(f"{path}: no safetensors file ({error}); expected a whole one") from None
    return {name: each["shape"] for name, each in header.items() if name != "__metadata__"}


def with_flops(ledger: LedgerPart, parameters: Parameters | None) -> LedgerPart:
    """The same with FLOPs; unchanged where the number of parameters is not known.

    Nominal: 2N for a generated and 6N for a trained response token, N all parameters, as the literature counts.
    Executed: 2N for every token generated, evaluation included, and 6N for every token of an update, prompts included,
    N the language model's; the vision tower's share, which depends on image sizes, is left out.
    """
    if parameters is None:
        return ledger
    generated = ledger.generated_tokens + ledger.evaluation_tokens
    nominal = 2 * parameters.total * ledger.generated_tokens + 6 * parameters.total * ledger.trained_tokens
    executed = 2 * parameters.language * generated + 6 * parameters.language * ledger.update_tokens
    return ledger.model_copy(update={"nominal_flops": float(nominal), "executed_flops": float(executed)})
