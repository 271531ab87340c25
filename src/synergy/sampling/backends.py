"""Opening the sampler that a config asks for. Importing this module does not import torch."""

import importlib.util
from typing import TYPE_CHECKING

from synergy.config.sampling import SamplingConfig
from synergy.errors import InputError, MissingExtraError
from synergy.http_json import read_key
from synergy.prompts import PromptPreset
from synergy.records import Sampler

if TYPE_CHECKING:
    from synergy.models.loading import LoadedModel


def check_backend(config: SamplingConfig) -> None:
    """Raise where the back-end cannot be opened on this installation, before anything is loaded.

    MissingExtraError names the extra that brings what is missing, InputError the setting.
    """
    if config.backend == "endpoint":
        if config.endpoint is None:
            raise InputError("sampling.backend is endpoint; expected a section sampling.endpoint with url and model")
        read_key(config.endpoint.api_key_variable)
    if config.backend == "vllm":
        if config.vllm.mode == "server" and config.vllm.url is None:
            raise InputError("sampling.vllm.mode is server; expected sampling.vllm.url, the server's address")
        if importlib.util.find_spec("vllm") is None:
            raise MissingExtraError(
                'sampling.backend vllm needs the package vllm, which is not installed: pip install "vlm-synergy[vllm]"'
            )


def open_sampler(loaded: "LoadedModel", config: SamplingConfig, preset: PromptPreset | None, *, seed: int) -> Sampler:
    """The sampler of that config, for a run with that seed; raises as `check_backend`."""
    check_backend(config)
    # here, as each brings torch or a server's client along
    if config.backend == "endpoint":
        from synergy.sampling.endpoint import EndpointSampler

        return EndpointSampler(loaded, config, preset, seed=seed)
    if config.backend == "vllm" and config.vllm.mode == "server":
        from synergy.sampling.vllm_server import VllmServerSampler

        return VllmServerSampler(loaded, config, preset, seed=seed)
    if config.backend == "vllm":
        from synergy.sampling.vllm_colocated import ColocatedSampler

        return ColocatedSampler(loaded, config, preset, seed=seed)
    from synergy.sampling.local import LocalSampler

    return LocalSampler(loaded, config, preset, seed=seed)
