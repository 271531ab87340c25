"""What is wrong with a run, said before anything is loaded; each is one line."""

from importlib.util import find_spec

from synergy.algorithms.registry import check_group_size
from synergy.config.algorithm_sections import PolicyGradientSection
from synergy.config.model import ModelConfig
from synergy.config.train import TrainConfig
from synergy.data.examples import Examples
from synergy.errors import InputError, MissingExtraError
from synergy.pocket.shipped import WEIGHTS
from synergy.sampling.backends import check_backend

POCKET = "pocket"  #: the name of the shipped model as a checkpoint


def check_config(config: TrainConfig) -> None:
    """Raise InputError or MissingExtraError for settings that cannot work together or here."""
    check_sinks(config)
    if config.imitates and config.evaluation is None:
        return
    check_backend(config.sampling)
    if isinstance(config.algorithm, PolicyGradientSection):
        check_group_size(config.algorithm, config.train.samples_per_problem)
        _check_sampling(config, config.algorithm)
    elif not config.sampling.records_logprobs:
        raise InputError(
            f"sampling.backend {config.sampling.backend} with evaluation: it answers by its own weights, not by those "
            "that are trained; expected local or vllm"
        )


def _check_sampling(config: TrainConfig, algorithm: PolicyGradientSection) -> None:
    sampling, corrects = config.sampling, algorithm.loss.mismatch.mode != "off"
    if not sampling.records_logprobs:
        raise InputError(
            f"sampling.backend {sampling.backend} with {algorithm.name}: it reports no token ids to train on and keeps "
            "its own weights; expected local or vllm"
        )
    if sampling.temperature == 0:
        raise InputError(
            f"sampling.temperature 0 with {algorithm.name}: all attempts at a problem would be the same; "
            "expected above 0"
        )
    if sampling.is_truncated and not corrects:
        raise InputError(
            f"sampling.top_p {sampling.top_p} and top_k {sampling.top_k} with {algorithm.name}: the tokens are not "
            "drawn from the distribution that is trained; expected 1.0 and 0, or algorithm.loss.mismatch switched on"
        )


def check_data(config: TrainConfig, examples: Examples) -> None:
    """Raise InputError where the data lack what the algorithm learns from."""
    if config.algorithm.needs_demonstrations and not examples.has_demonstrations:
        raise InputError(
            f"{config.algorithm.name} learns from demonstrations, and the data have none; expected a column of traces: "
            "give data.trace_column"
        )


def check_sinks(config: TrainConfig) -> None:
    """Raise MissingExtraError where a sink's package is not installed."""
    wanted = {
        "trackio": config.sinks.trackio is not None,
        "wandb": config.sinks.wandb is not None,
        "tensorboard": config.sinks.tensorboard,
    }
    for name, is_wanted in wanted.items():
        if is_wanted and find_spec(name) is None:
            raise MissingExtraError(
                f'sinks.{name} needs the package {name}, which is not installed: pip install "vlm-synergy[{name}]"'
            )


def resolved_model(config: ModelConfig, device: str | None) -> ModelConfig:
    """The model's config with the shipped model's folder for `pocket`, and this process's own device."""
    changes: dict[str, str] = {}
    if config.checkpoint == POCKET:
        changes["checkpoint"] = str(WEIGHTS)
    if device is not None and config.device == "auto":
        changes["device"] = device
    return config.model_copy(update=changes)
