"""From the options of `synergy eval` to the model that answers: one loaded here, or one on a server."""

from collections.abc import Callable

from synergy.cli.eval_options import POCKET, EvalOptions
from synergy.config.load import build
from synergy.config.model import ModelConfig, RenderingConfig
from synergy.config.protocol import ProtocolConfig
from synergy.config.sampling import EndpointConfig
from synergy.evaluation.answerer import Answerer
from synergy.evaluation.asking import prompt_of
from synergy.evaluation.provenance import weights_sha256
from synergy.evaluation.score_file import ModelPart
from synergy.evaluation.served import ServedAnswerer
from synergy.pocket.shipped import WEIGHTS

_MAX_PROMPT_TOKENS = 65_536  # beyond what images of the usual processors come to: an evaluation leaves none out


def model_part(options: EvalOptions) -> ModelPart:
    """What score files say of the model; raises InputError for an override that does not fit."""
    name = options.name or options.model
    if options.endpoint is not None:
        return ModelPart(
            name=name,
            checkpoint=None,
            revision=None,
            weights_sha256=None,
            dtype=None,
            backend="endpoint",
            served_as=options.endpoint_model or options.model,
        )
    config = _model_config(options)
    return ModelPart(
        name=name,
        checkpoint=options.model,
        revision=config.revision,
        weights_sha256=weights_sha256(config.checkpoint),
        dtype=config.dtype,
        backend="vllm" if options.backend == "vllm" else "local",
        served_as=None,
    )


def _model_config(options: EvalOptions, protocol: ProtocolConfig | None = None) -> ModelConfig:
    checkpoint = str(WEIGHTS) if options.model == POCKET else options.model
    # a problem that is too large all the same fails alone
    rendering = RenderingConfig(too_large="drop", max_prompt_tokens=_MAX_PROMPT_TOKENS)
    if protocol is not None:
        rendering = rendering.model_copy(update=protocol.images.model_dump())
    values = {"checkpoint": checkpoint, "rendering": rendering.model_dump()}
    return build(ModelConfig, values, options.model_overrides, label="--model-set")


def answerer_of(options: EvalOptions, protocol: ProtocolConfig) -> Callable[[], Answerer]:
    """Makes it once, at the first call: an evaluation that is finished loads nothing."""
    made: list[Answerer] = []

    def make() -> Answerer:
        if not made:
            made.append(_served(options, protocol) if options.endpoint else _loaded(options, protocol))
        return made[0]

    return make


def _served(options: EvalOptions, protocol: ProtocolConfig) -> Answerer:
    values = {
        "url": options.endpoint,
        "model": options.endpoint_model or options.model,
        "api_key_variable": options.endpoint_key,
        "concurrency": options.endpoint_concurrency,
        "timeout_seconds": 3600.0,  # tens of thousands of tokens take their time
    }
    endpoint = build(EndpointConfig, values, label="--endpoint")
    return ServedAnswerer(endpoint, protocol, prompt_of(protocol, is_tuned=options.is_tuned), seed=options.seed)


def _loaded(options: EvalOptions, protocol: ProtocolConfig) -> Answerer:
    import torch
    import transformers

    from synergy.evaluation.policy import PolicyAnswerer
    from synergy.models.loading import load_model

    if options.threads:
        torch.set_num_threads(options.threads)
    transformers.utils.logging.disable_progress_bar()  # its bars would tear our display
    loaded = load_model(_model_config(options, protocol))
    prompt = prompt_of(protocol, is_tuned=options.is_tuned)
    return PolicyAnswerer(loaded, protocol, prompt, seed=options.seed, backend=options.backend)
