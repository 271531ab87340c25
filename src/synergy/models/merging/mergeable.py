"""Whether checkpoints can become one: one architecture, the same tensors, no token id with two meanings."""

import json
from collections.abc import Collection, Sequence

import torch

from synergy.errors import FileError, InputError
from synergy.models.merging.names import is_embedding, is_head
from synergy.models.merging.source import Source

_SAME = ("model_type", "architectures")


def drop_tied_head(source: Source) -> None:
    """Forget an output layer that repeats the embeddings which the config says it is; loading ties them again.

    Raises InputError where the config ties the two and the file holds different ones.
    """
    if not _setting(source, "tie_word_embeddings"):
        return
    embedding = next((name for name in source.tensors if is_embedding(name)), None)
    for head in [name for name in source.tensors if is_head(name)]:
        if embedding is None or not torch.equal(source.read(head), source.read(embedding)):
            raise InputError(
                f"checkpoint '{source.label}' says tie_word_embeddings and stores an output layer that differs from "
                "the embeddings; expected equal ones: if both are meant, give tie_word_embeddings: false in config.json"
            )
        del source.tensors[head]


def check_mergeable(reference: Source, inputs: Sequence[Source], kept: Collection[str]) -> None:
    """Raise InputError or FileError, of one line, where the inputs cannot be merged into the reference's files."""
    for source in (reference, *inputs):
        if "quantization_config" in source.config:
            raise InputError(
                f"checkpoint '{source.label}' is quantised; expected float32, bfloat16 or float16 weights: "
                "use the checkpoint that it was made from"
            )
        _check_config(reference, source)
        _check_tensors(reference, source, kept)
        _check_vocabulary(reference, source)


def check_num_layers(source: Source, num_layers: int) -> None:
    """Raise InputError where the language model has another number of layers."""
    found = _setting(source, "num_hidden_layers")
    if found != num_layers:
        raise InputError(
            f"checkpoint '{source.label}' has {found} layers, the slice has {num_layers}; expected all layers, as only "
            "whole models are merged"
        )


def _setting(source: Source, name: str) -> object:
    """A setting of the config, which may stand with the language model's own."""
    text = source.config.get("text_config")
    inner = text.get(name) if isinstance(text, dict) else None
    return source.config.get(name, inner)


def _check_config(reference: Source, source: Source) -> None:
    for key in _SAME:
        if source.config.get(key) != reference.config.get(key):
            raise _refusal(reference, source, f"{key} is {reference.config.get(key)} and {source.config.get(key)}")


def _check_tensors(reference: Source, source: Source, kept: Collection[str]) -> None:
    adapters = [name for name in source.tensors if ".lora_A." in name or ".lora_B." in name]
    if adapters:
        raise InputError(
            f"checkpoint '{source.label}' holds adapters, the first is {adapters[0]}; expected whole weights: "
            "merge them first with PEFT's merge_and_unload, and save that"
        )
    for left, right in ((reference, source), (source, reference)):
        lacking = [name for name in left.tensors if name not in right.tensors and name not in kept]
        if lacking:
            what = f"{len(lacking)} tensors of '{left.label}' are not in '{right.label}', the first is {lacking[0]}"
            raise _refusal(reference, source, what)
    for name, stored in reference.tensors.items():
        other = source.tensors.get(name, stored)
        if other.shape != stored.shape and name not in kept:
            raise _refusal(reference, source, f"{name} has shape {list(stored.shape)} and {list(other.shape)}")


def _refusal(reference: Source, source: Source, what: str) -> InputError:
    return InputError(
        f"'{reference.label}' and '{source.label}' cannot be merged: {what}; expected models trained from one base, "
        "with the same tokens: take others, or name what is not merged under 'keep'"
    )


def _check_vocabulary(reference: Source, source: Source) -> None:
    """Only where both have tokenizer.json: another file format says no ids that could be read here."""
    if source is reference:
        return
    left, right = _tokens(reference), _tokens(source)
    for index in sorted(left.keys() & right.keys()):
        if left[index] != right[index]:
            what = f"token {index} is {left[index]!r} and {right[index]!r}"
            raise _refusal(reference, source, what)


def _tokens(source: Source) -> dict[int, str]:
    path = source.folder / "tokenizer.json"
    if not path.is_file():
        return {}
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        vocabulary = document["model"]["vocab"]
        added = {each["id"]: each["content"] for each in document.get("added_tokens") or []}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FileError(f"{path}: cannot be read ({error!r}); expected a tokenizer as transformers saves it") from None
    if isinstance(vocabulary, dict):
        return {**{index: token for token, index in vocabulary.items()}, **added}
    return {**{index: entry[0] for index, entry in enumerate(vocabulary)}, **added}  # unigram: pairs in order
