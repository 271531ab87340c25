"""From a model's config to what answers with it; the model is loaded when the first response is missing.

Importing this module does not import torch.
"""

from collections.abc import Callable, Mapping
from typing import Literal

from synergy.config.model import ModelConfig
from synergy.config.protocol import ProtocolConfig
from synergy.evaluation.answerer import Answerer
from synergy.evaluation.asking import prompt_of
from synergy.evaluation.provenance import weights_sha256
from synergy.evaluation.request import Asked
from synergy.evaluation.score_file import ModelPart
from synergy.pocket.shipped import WEIGHTS
from synergy.records import Purpose

POCKET = "pocket"  #: the name of the shipped model as a checkpoint
Backend = Literal["local", "vllm"]
LOCAL_SHARD = 512  #: problems that are sampled together here: enough to fill a sampler
_ASKED_FOR: Mapping[Purpose, Literal["evaluate", "tag", "distil"]] = {
    Purpose.EVALUATE: "evaluate",
    Purpose.TAG: "tag",
    Purpose.DISTIL: "distil",
}


def resolved_checkpoint(config: ModelConfig) -> ModelConfig:
    """The config with the shipped model's folder in place of its name."""
    return config.model_copy(update={"checkpoint": str(WEIGHTS)}) if config.checkpoint == POCKET else config


def model_part_of(config: ModelConfig, *, name: str, backend: Backend = "local") -> ModelPart:
    """What files say of a model that is loaded here; `name` is for tables."""
    return ModelPart(
        name=name,
        checkpoint=config.checkpoint,
        revision=config.revision,
        weights_sha256=weights_sha256(resolved_checkpoint(config).checkpoint),
        dtype=config.dtype,
        backend=backend,
        served_as=None,
    )


def asked_of(
    protocol: ProtocolConfig,
    model: ModelPart,
    *,
    is_tuned: bool | None = None,
    seed: int = 0,
    purpose: Purpose = Purpose.EVALUATE,
    problems_per_shard: int = LOCAL_SHARD,
) -> Asked:
    """What responses will depend on; raises InputError where the protocol has to know whether the model is tuned."""
    prompt_of(protocol, is_tuned=is_tuned)  # refuses what is left open
    asked_as = None
    if protocol.asking.tells_models_apart:
        asked_as = "tuned" if is_tuned else "base"
    return Asked(
        kind="evaluation",
        model=model,
        asking=protocol.asking,
        asked_as=asked_as,
        response=protocol.response,
        num_runs=protocol.num_runs,
        images=protocol.images,
        seed=seed,
        purpose=_ASKED_FOR[purpose],
        problems_per_shard=problems_per_shard,
    )


def answerer_of(
    config: ModelConfig,
    protocol: ProtocolConfig,
    *,
    is_tuned: bool | None = None,
    seed: int = 0,
    purpose: Purpose = Purpose.EVALUATE,
    backend: Backend = "local",
) -> Callable[[], Answerer]:
    """Loads the model at the first call, and no second time."""
    made: list[Answerer] = []

    def make() -> Answerer:
        if not made:
            from synergy.evaluation.policy import PolicyAnswerer
            from synergy.models.loading import load_model

            loaded = load_model(resolved_checkpoint(config))
            prompt = prompt_of(protocol, is_tuned=is_tuned)
            made.append(PolicyAnswerer(loaded, protocol, prompt, seed=seed, backend=backend, purpose=purpose))
        return made[0]

    return make
