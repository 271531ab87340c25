"""From the options of a verb to the model that answers: one loaded here, or one on a server."""

from collections.abc import Callable

from synergy.cli.eval_options import AskOptions
from synergy.cli.quiet import quieten
from synergy.config.load import build
from synergy.config.model import ModelConfig, RenderingConfig
from synergy.config.protocol import ProtocolConfig
from synergy.config.sampling import EndpointConfig
from synergy.evaluation.answerer import Answerer
from synergy.evaluation.asking import prompt_of
from synergy.evaluation.opening import Backend, answerer_of, model_part_of
from synergy.evaluation.score_file import ModelPart
from synergy.evaluation.served import ServedAnswerer
from synergy.records import Purpose

_MAX_PROMPT_TOKENS = 65_536  # beyond what images of the usual processors come to: an evaluation leaves none out


def model_part(options: AskOptions) -> ModelPart:
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
    return model_part_of(_model_config(options), name=name, backend=_backend(options))


def asking_model(
    options: AskOptions, protocol: ProtocolConfig, purpose: Purpose = Purpose.EVALUATE
) -> Callable[[], Answerer]:
    """Makes the answerer once, at the first call: an evaluation that is finished loads nothing."""
    if options.endpoint is not None:
        return lambda: _served(options, protocol, purpose)
    make = answerer_of(
        _model_config(options, protocol),
        protocol,
        is_tuned=options.is_tuned,
        seed=options.seed,
        purpose=purpose,
        backend=_backend(options),
    )

    def make_quietly() -> Answerer:
        quieten(options.threads)
        return make()

    return make_quietly


def _backend(options: AskOptions) -> Backend:
    return "vllm" if options.backend == "vllm" else "local"


def _model_config(options: AskOptions, protocol: ProtocolConfig | None = None) -> ModelConfig:
    # a problem that is too large all the same fails alone
    rendering = RenderingConfig(too_large="drop", max_prompt_tokens=_MAX_PROMPT_TOKENS)
    if protocol is not None:
        rendering = rendering.model_copy(update=protocol.images.model_dump())
    values = {"checkpoint": options.model, "rendering": rendering.model_dump()}
    return build(ModelConfig, values, options.model_overrides, label="--model-set")


def _served(options: AskOptions, protocol: ProtocolConfig, purpose: Purpose) -> Answerer:
    values = {
        "url": options.endpoint,
        "model": options.endpoint_model or options.model,
        "api_key_variable": options.endpoint_key,
        "concurrency": options.endpoint_concurrency,
        "timeout_seconds": 3600.0,  # tens of thousands of tokens take their time
    }
    endpoint = build(EndpointConfig, values, label="--endpoint")
    prompt = prompt_of(protocol, is_tuned=options.is_tuned)
    return ServedAnswerer(endpoint, protocol, prompt, seed=options.seed, purpose=purpose)
