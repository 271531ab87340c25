"""The policy as training sees it: on one process, replicated over several (DDP), or sharded over them (FSDP2).

Whatever it is, a forward and backward pass look the same, and weights come out whole.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor
from torch.nn.parallel import DistributedDataParallel

from synergy.models.loading import LoadedModel
from synergy.models.logprobs import TokenScores
from synergy.models.parts import trains_images
from synergy.models.policy import Policy
from synergy.models.small_problem import dummy_tree
from synergy.models.trees import Tree, TreeBatch, make_batch
from synergy.training.processes import Processes

Precision = Literal["float32", "bfloat16"]
_MODEL_PREFIX = "model."


class TrainedPolicy:
    """A loaded model, wrapped for the processes of a run; it changes `loaded.policy` in place where it shards."""

    def __init__(
        self,
        loaded: LoadedModel,
        processes: Processes,
        *,
        parallel: Literal["replicated", "sharded"] = "replicated",
        precision: Precision = "float32",
    ) -> None:
        self.loaded = loaded
        self.processes = processes
        self.precision: Precision = precision
        self.trains_images = trains_images(loaded.model)
        self._module = self._wrapped(parallel)

    @property
    def policy(self) -> Policy:
        """The module below any wrapper."""
        return self.loaded.policy

    @property
    def is_sharded(self) -> bool:
        """Whether each process holds a part of the weights only."""
        return any(isinstance(parameter, DTensor) for parameter in self.policy.parameters())

    @cached_property
    def dummy(self) -> Tree:
        """A tree with a picture, for a process that has nothing to run, or no picture, where others have."""
        return dummy_tree(self.loaded.renderer)

    @cached_property
    def trained(self) -> dict[str, nn.Parameter]:
        """The parameters that are trained, by their names in the Hugging Face model."""
        found = {}
        for name, parameter in self.policy.named_parameters():
            if parameter.requires_grad:
                found[name.removeprefix(_MODEL_PREFIX)] = parameter
        return found

    def scores(self, batch: TreeBatch, *, temperature: float = 1.0, entropy: bool = False) -> TokenScores:
        """Scores of all scored tokens, under autocast where `precision` asks for it."""
        with self._autocast():
            return self._module(batch, temperature=temperature, entropy=entropy)

    @contextmanager
    def micro_step(self, *, is_last: bool) -> Iterator[None]:
        """Around forward and backward of one micro-batch; copies exchange gradients in the last one alone."""
        module = self._module
        waits = isinstance(module, DistributedDataParallel) and not is_last
        with module.no_sync() if waits else nullcontext():
            yield

    def copy_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Take whole tensors, by the names of `trained`, as the trained weights."""
        with torch.no_grad():
            for name, parameter in self.trained.items():
                parameter.copy_(like(weights[name], parameter))

    def _wrapped(self, parallel: Literal["replicated", "sharded"]) -> nn.Module:
        policy, num = self.policy, self.processes.num
        if num == 1 or (parallel == "replicated" and not self.trained):
            return policy
        if parallel == "replicated":
            return DistributedDataParallel(
                policy, find_unused_parameters=self._has_unused_parameters(), forward_sync_buffers=False
            )
        mesh = init_device_mesh(policy.device.type, (num,))
        for layer in _decoder_layers(policy):
            fully_shard(layer, mesh=mesh)
        # images, embeddings and head stay one unit: a process without images then waits for nobody
        fully_shard(policy, mesh=mesh)
        self.__dict__.pop("trained", None)  # sharding has put other parameters in their place
        return policy

    def _has_unused_parameters(self) -> bool:
        """Whether a picture and text leave a trained parameter without gradient, as some families' towers do."""
        policy = self.policy
        policy(make_batch([self.dummy])).logprobs.sum().backward()
        has_unused = any(parameter.grad is None for parameter in self.trained.values())
        policy.zero_grad(set_to_none=True)
        return has_unused

    def _autocast(self) -> Any:
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(self.policy.device.type, torch.bfloat16)


def whole(tensor: Tensor) -> Tensor:
    """A tensor without its shards' boundaries, on the CPU; to be called by all processes alike."""
    full = tensor.full_tensor() if isinstance(tensor, DTensor) else tensor
    return full.detach().cpu().contiguous()


def like(tensor: Tensor, model: Tensor) -> Tensor:
    """A whole tensor on the device of another, and cut up as it is; every process has the same whole one."""
    moved = tensor.to(model.device, model.dtype)
    if isinstance(model, DTensor):
        return distribute_tensor(moved, model.device_mesh, model.placements)
    return moved


def _decoder_layers(policy: Policy) -> list[nn.Module]:
    """The layers of the language model, which hold nearly all of its weights."""
    num = policy.model.config.get_text_config().num_hidden_layers
    tower = {id(part) for name, part in policy.named_modules() if "vis" in name}
    for module in policy.modules():
        if isinstance(module, nn.ModuleList) and len(module) == num and id(module) not in tower:
            return list(module)
    return []
