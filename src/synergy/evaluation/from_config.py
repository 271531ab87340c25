"""From the section of a model that is asked to an `Evaluation` of it; the model is loaded when it is first needed.

Importing this module does not import torch.
"""

from collections.abc import Callable

from synergy.config.asking_model import AskingModel
from synergy.config.protocol import ProtocolConfig
from synergy.evaluation.answerer import Answerer
from synergy.evaluation.asking import prompt_of
from synergy.evaluation.opening import answerer_of, asked_of, model_part_of
from synergy.evaluation.run import Evaluation
from synergy.evaluation.score_file import ModelPart
from synergy.evaluation.served import ServedAnswerer
from synergy.records import Purpose


def evaluation_of(
    config: AskingModel,
    protocol: ProtocolConfig,
    purpose: Purpose,
    *,
    name: str = "",
    answerer: Callable[[], Answerer] | None = None,
) -> Evaluation:
    """The model under that protocol, asked as tuned models are; no pictures are kept.

    `name` is what files call it, its checkpoint if left out; `answerer` takes its place in tests.
    """
    return Evaluation(
        protocol=protocol,
        asked=asked_of(
            protocol,
            _model_part(config, name or config.model.checkpoint),
            is_tuned=True,
            seed=config.seed,
            purpose=purpose,
            problems_per_shard=config.problems_per_shard,
        ),
        answerer=answerer or _answerer(config, protocol, purpose),
        keeps_pictures=False,
    )


def _model_part(config: AskingModel, name: str) -> ModelPart:
    if config.endpoint is None:
        return model_part_of(config.model, name=name, backend="vllm" if config.backend == "vllm" else "local")
    return ModelPart(
        name=name,
        checkpoint=None,
        revision=None,
        weights_sha256=None,
        dtype=None,
        backend="endpoint",
        served_as=config.endpoint.model,
    )


def _answerer(config: AskingModel, protocol: ProtocolConfig, purpose: Purpose) -> Callable[[], Answerer]:
    endpoint = config.endpoint
    if endpoint is None:
        backend = "vllm" if config.backend == "vllm" else "local"
        return answerer_of(config.model, protocol, is_tuned=True, seed=config.seed, purpose=purpose, backend=backend)
    prompt = prompt_of(protocol, is_tuned=True)
    return lambda: ServedAnswerer(endpoint, protocol, prompt, seed=config.seed, purpose=purpose)
