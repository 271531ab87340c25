"""A model that lives on the CPU and visits a device to work there, so that it does not share the policy's memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def visiting(model: Any, device: torch.device) -> Iterator[None]:
    """Within the block the model is on `device`, after it on the CPU; it moves by `to`, as a torch module does."""
    if device.type == "cpu":
        yield
        return
    model.to(device)
    try:
        yield
    finally:
        model.to(torch.device("cpu"))
        if device.type == "cuda":
            torch.cuda.empty_cache()
