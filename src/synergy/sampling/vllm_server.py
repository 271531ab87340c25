"""Sampling by a vLLM server on GPUs of its own. *Not run* against vLLM itself, but against a server that answers alike.

The server (vLLM 0.33) is started with the policy's checkpoint and

    VLLM_SERVER_DEV_MODE=1 vllm serve CHECKPOINT --logprobs-mode processed_logprobs --generation-config vllm \
        --weight-transfer-config '{"backend": "nccl"}'

Responses come through its chat interface with the token ids on both sides; weights go over NCCL, through vLLM's own
weight transfer, which is why vLLM is needed on this side too.
"""

import importlib
import socket
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import torch
from torch import Tensor

from synergy.config.sampling import SamplingConfig
from synergy.http_json import JsonClient
from synergy.models.loading import LoadedModel
from synergy.models.prompt import Dropped
from synergy.prompts import PromptPreset
from synergy.records import Rollout, SampleRequest
from synergy.sampling.chat import chat_body, chat_messages
from synergy.sampling.groups import failed_rollout
from synergy.sampling.named_weights import named_weights, weight_shapes
from synergy.sampling.served import ServedSampler
from synergy.sampling.stopping import end_ids
from synergy.sampling.streams import prefix_ids
from synergy.sampling.vllm_requests import check_prompt, sampling_settings, vllm_rollout

_CONCURRENCY = 256  #: vLLM queues by itself
_FORGET = ("reset_prefix_cache", "reset_mm_cache", "reset_encoder_cache")


class VllmServerSampler(ServedSampler):
    """A `Sampler`; `seed` is the run's."""

    def __init__(self, loaded: LoadedModel, config: SamplingConfig, preset: PromptPreset | None, *, seed: int) -> None:
        assert config.vllm.url is not None, "checked by check_backend"
        root = config.vllm.url.rstrip("/")
        seconds = config.vllm.timeout_seconds
        client = JsonClient(url=f"{root}/v1", timeout_seconds=seconds, max_retries=3)
        super().__init__(loaded, config, preset, seed=seed, client=client, concurrency=_CONCURRENCY)
        self.control = JsonClient(url=root, timeout_seconds=seconds)
        self._transfer: Any = None

    def update_weights(self) -> None:
        """Send the policy's weights into the server's; called by all processes alike, the first one sends."""
        if self._transfer is None:
            self._transfer = open_transfer(self.loaded, self.control)
        self._transfer.send_weights()
        if _rank() == 0:
            for path in _FORGET:
                self.control.post(path)

    def body(self, request: SampleRequest, temperature: float) -> dict[str, Any]:
        """A chat request for token ids and log-probs, the given beginning as a message to be continued."""
        messages = chat_messages(request.problem, self.preset)
        renderer, prefix = self.loaded.renderer, prefix_ids(request)
        settings = sampling_settings(
            self.config,
            temperature=temperature,
            banned=renderer.visual_tokens.banned,
            end_ids=end_ids(renderer),
        )
        body = chat_body(messages, self.config, model=self.loaded.config.checkpoint, temperature=temperature)
        body |= settings | {"logprobs": temperature > 0, "return_token_ids": True}
        if prefix:
            messages.append({"role": "assistant", "content": renderer.tokenizer.decode(list(prefix))})
            body |= {"messages": messages, "add_generation_prompt": False, "continue_final_message": True}
        return body

    def rollout(
        self, request: SampleRequest, sample_index: int, reply: dict[str, Any], choice: dict[str, Any]
    ) -> Rollout:
        """A choice's own token ids; raises InputError where the server read another prompt than the trainer does."""
        prompt = self.loaded.renderer.prompt(request.problem, self.preset)
        if isinstance(prompt, Dropped):
            return failed_rollout(request, sample_index)
        prefix = prefix_ids(request)
        check_prompt(request.problem.id, [*prompt.token_ids.tolist(), *prefix], reply.get("prompt_token_ids"))
        places = (choice.get("logprobs") or {}).get("content")
        return vllm_rollout(
            request,
            sample_index,
            prefix=prefix,
            token_ids=choice["token_ids"],
            logprobs=None if places is None else [float(place["logprob"]) for place in places],
            finish_reason=choice.get("finish_reason"),
            renderer=self.loaded.renderer,
        )


class PolicyWeights:
    """The policy as vLLM's `WeightSource`: names, types and shapes first, tensors when they are sent."""

    def __init__(self, loaded: LoadedModel, parameter_meta: Any) -> None:
        """`parameter_meta` is vLLM's `ParamMeta`."""
        self.loaded = loaded
        self.parameter_meta = parameter_meta

    @cached_property
    def metadata(self) -> list[Any]:
        """Of every weight, the same on all processes."""
        return [self.parameter_meta(*described) for described in weight_shapes(self.loaded.model)]

    def owned_names(self, rank: int) -> list[str]:
        """Every process has every weight, or gathers it."""
        return [name for name, _, _ in weight_shapes(self.loaded.model)]

    def implements_iter_full(self) -> bool:
        """Whole tensors it gives,"""
        return True

    def implements_iter_local(self) -> bool:
        """shards it does not."""
        return False

    def iter_full(self) -> Iterator[tuple[str, Tensor]]:
        """Name and tensor of every weight."""
        return named_weights(self.loaded.model)


def open_transfer(loaded: LoadedModel, control: JsonClient) -> Any:
    """vLLM's trainer-side engine, joined with the server over NCCL; called by all processes."""
    transfer: Any = importlib.import_module("vllm.distributed.weight_transfer")
    nccl: Any = importlib.import_module("vllm.distributed.weight_transfer.nccl_engine")
    base: Any = importlib.import_module("vllm.distributed.weight_transfer.base")
    clients: Any = importlib.import_module("vllm.distributed.weight_transfer.clients")
    address, port = _reachable_address(control.url)
    info = nccl.NCCLTrainerInitInfo(
        master_address=address,
        master_port=port,
        world_size=1 + int(control.get("get_world_size")["world_size"]),
        rank=_rank(),
    )
    client = clients.HTTPVLLMWeightSyncClient(control.url, timeout=control.timeout_seconds)
    return transfer.WeightTransferTrainerFactory.trainer_init(
        info, client=client, source=PolicyWeights(loaded, base.ParamMeta)
    )


def _rank() -> int:
    return torch.distributed.get_rank() if torch.distributed.is_initialized() else 0


def _reachable_address(url: str) -> tuple[str, int]:
    """This machine's address as the server sees it, and a free port."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "localhost", parts.port or 80), timeout=10) as connection:
        address = connection.getsockname()[0]
    with socket.create_server((address, 0)) as server:
        return address, server.getsockname()[1]
