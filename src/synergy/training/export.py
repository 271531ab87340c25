"""The trained model as a Hugging Face folder that plain AutoModelForImageTextToText and AutoProcessor load."""

import shutil
from pathlib import Path

import torch
from safetensors import SafetensorError
from transformers import PreTrainedModel

from synergy.errors import FileError
from synergy.models.loading import load_model
from synergy.training.tensors import weight_tensors
from synergy.training.trained_policy import TrainedPolicy


def save_model(policy: TrainedPolicy, folder: Path) -> None:
    """Write the folder, which appears when it is whole; an adapter is merged into the weights below it.

    Called by all processes alike, after training: it takes the adapter out of the policy. Raises FileError where the
    folder cannot be written.
    """
    weights = weight_tensors(policy) if policy.is_sharded else {}
    if not policy.processes.is_first:
        return
    partial = folder.with_name(f"{folder.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
        _whole_model(policy, weights).save_pretrained(partial)
        policy.loaded.processor.save_pretrained(partial)
        partial.replace(folder)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise FileError(
            f"{folder}: the model cannot be written ({error}); make room and run the same command again"
        ) from error


def _whole_model(policy: TrainedPolicy, weights: dict[str, torch.Tensor]) -> PreTrainedModel:
    """The model itself; where it is sharded a second one in main memory, given the whole `weights`."""
    loaded = policy.loaded
    if policy.is_sharded:
        loaded = load_model(loaded.config.model_copy(update={"device": "cpu", "attention": "sdpa"}))
        with torch.no_grad():
            for name, parameter in loaded.model.named_parameters():
                if name in weights:
                    parameter.copy_(weights[name])
    return loaded.model if loaded.adapter is None else loaded.adapter.merge_and_unload()
