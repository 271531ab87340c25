"""Putting singular vectors of one matrix back into another (2509.12235, its code `svd_recover_dir`, `svd_recover`).

With W_b = Σ s_b u_b v_bᵀ and W_t = Σ s_t u_t v_tᵀ, slots in order of falling singular values, the restored matrix is
Σ s u vᵀ with the base's u and v in the restored slots. Slots are matched by their number, so that where singular
values cross a direction meets another one's value, and the mixed vectors are not orthonormal: as in the paper's code.
"""

import json
from hashlib import blake2b
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from synergy.config.merge import RestoreMerge
from synergy.models.merging.names import is_embedding, is_head, layer_of


def restored_tensor(
    name: str, base: Float[Tensor, "*shape"], tuned: Float[Tensor, "*shape"], section: RestoreMerge
) -> Float[Tensor, "*shape"]:
    """One tensor of the restored model, by its canonical name; what is not restored is the tuned one, bit for bit."""
    if is_embedding(name) or is_head(name):
        if section.embeddings != "restored":
            return base if section.embeddings == "taken" else tuned
    elif section.layers is not None:
        layer = layer_of(name)
        if layer is None or not section.layers[0] <= layer < section.layers[1]:
            return tuned
    if tuned.dim() != 2:
        return tuned
    slots = restored_slots(min(tuned.shape), section.share, section.slots, (section.seed, name))
    return restore(base, tuned, slots, values=section.values)


def restored_slots(
    num_slots: int, share: float, kind: Literal["top", "random"], key: tuple[int, str]
) -> Int[Tensor, " num_restored"]:
    """Numbers of the slots, rising; `key` (seed, tensor's name) decides which are drawn."""
    num_restored = round(share * num_slots)
    if kind == "top":
        return torch.arange(num_restored)
    digest = int.from_bytes(blake2b(json.dumps(key).encode(), digest_size=16).digest(), "little")
    drawn = np.random.Generator(np.random.Philox(key=digest)).choice(num_slots, num_restored, replace=False)
    return torch.from_numpy(np.sort(drawn))


def restore(
    base: Float[Tensor, "rows columns"],
    tuned: Float[Tensor, "rows columns"],
    slots: Int[Tensor, " num_restored"],
    *,
    values: Literal["kept", "restored"],
) -> Float[Tensor, "rows columns"]:
    """`tuned` with the base's singular vectors in these slots, `restored` with its singular values there too."""
    if not len(slots):
        return tuned
    u_base, s_base, v_base = (part[slots] for part in _svd(base))
    u_tuned, s_tuned, v_tuned = (part[slots] for part in _svd(tuned))
    put_back = (u_base * (s_tuned if values == "kept" else s_base)[:, None]).T @ v_base
    return tuned + put_back - (u_tuned * s_tuned[:, None]).T @ v_tuned


def _svd(
    matrix: Float[Tensor, "rows columns"],
) -> tuple[Float[Tensor, "slots rows"], Float[Tensor, " slots"], Float[Tensor, "slots columns"]]:
    """Left vectors, values, right vectors: a row a slot."""
    u, s, v = torch.linalg.svd(matrix, full_matrices=False)
    return u.T, s, v
