"""All that is measured of each SFT checkpoint before RL goes on from it, and what came out after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synergy.config.data import DataConfig
from synergy.config.resolve import resolved
from synergy.data.load import open_data
from synergy.diagnostics.accuracies import read_accuracies
from synergy.diagnostics.descents import Descent, descents
from synergy.diagnostics.diagnostic import Inquiry, LackingError
from synergy.diagnostics.foresight.attempts import attempts_of
from synergy.diagnostics.foresight.measures import group_variances, mean_surprise, pass_rates
from synergy.diagnostics.held_out import held_out_data
from synergy.diagnostics.kept import kept
from synergy.evaluation.perplexity import perplexities
from synergy.evaluation.provenance import weights_sha256
from synergy.prompts import get_preset

NUM_TRACES = 100  #: held-out demonstrations whose loss is measured; ours
NUM_PROBLEMS = 32  #: held-out problems that are attempted; ours
NUM_SAMPLES = 64  #: attempts at each: the most that pass@64 needs (2510.01624 takes 256)
KS = (1, 2, 4, 8, 16, 32, 64)  #: of pass@k
SHOWN_KS = (1, 8, 64)  #: in tables
CACHE = "foresight"  #: beside the diagnostics' own folders: two of them ask the same
_VERSION = 1  # raised where what is kept would come out otherwise


@dataclass(frozen=True, kw_only=True, eq=False)
class Promise:
    """One SFT checkpoint."""

    descent: Descent
    trace_loss: float | None  #: nats a token, mean over held-out demonstrations; None where there are none
    pass_at: Mapping[int, float]  #: by k
    entropy: float  #: nats a token, of its own attempts
    group_variance: float  #: of rewards, expected, mean over problems
    after_sft: Mapping[str, float]  #: accuracy by evaluation set
    after_rl: Mapping[str, float]  #: the same after RL


def promises(inquiry: Inquiry) -> list[Promise]:
    """Of all SFT checkpoints that RL went on from; raises LackingError where there is none."""
    found = descents(inquiry.subjects)
    if not found:
        raise LackingError("no RL that went on from an SFT checkpoint which was evaluated, too; expected such arms")
    return [_promise(inquiry, descent) for descent in found]


def shared_sets(found: Sequence[Promise]) -> list[str]:
    """The evaluation sets that every checkpoint was evaluated on, before and after RL."""
    first, *others = [[name for name in each.after_sft if name in each.after_rl] for each in found]
    return [name for name in first if all(name in each for each in others)]


def _promise(inquiry: Inquiry, descent: Descent) -> Promise:
    problems = held_out_data(descent.rl_config, NUM_PROBLEMS)
    traces = held_out_data(descent.rl_config, NUM_TRACES)
    if problems is None or traces is None:
        raise LackingError(f"{descent.rl.name}: its training names no held-out problems; expected evaluation.data")
    model = descent.sft.model
    assert model is not None, "checked by needs"
    attempts = attempts_of(
        model,
        descent.rl_config,
        problems,
        num_samples=NUM_SAMPLES,
        seed=inquiry.seed,
        folder=inquiry.cache.parent / CACHE,
        on_progress=lambda num_done, num: inquiry.on_progress(f"{descent.sft.name} attempts", num_done, num),
    )
    group_size = descent.rl_config.train.samples_per_problem
    return Promise(
        descent=descent,
        trace_loss=_trace_loss(inquiry, descent, traces),
        pass_at=pass_rates(attempts.num_correct, NUM_SAMPLES, KS),
        entropy=mean_surprise(attempts.surprise, attempts.num_tokens),
        group_variance=float(group_variances(attempts.num_correct, NUM_SAMPLES, group_size).mean()),
        after_sft=_accuracy(descent.sft.responses),
        after_rl=_accuracy(descent.rl.responses),
    )


def _trace_loss(inquiry: Inquiry, descent: Descent, data: DataConfig) -> float | None:
    """Nats a token, each demonstration counted alike, of the distribution that RL's problems come with."""
    examples = open_data(data)
    if not examples.has_demonstrations:
        return None
    section = descent.rl_config.model.model_copy(
        update={"checkpoint": str(descent.sft.model), "freeze": (), "lora": None}
    )
    preset = get_preset(descent.rl_config.prompt)

    def tell(num_done: int, num: int) -> None:
        inquiry.on_progress(f"{descent.sft.name} traces", num_done, num)

    def compute() -> float:
        return float(np.mean(np.log(list(perplexities(section, examples, preset, tell).values()))))

    computed_from = {
        "version": _VERSION,
        "weights": weights_sha256(str(descent.sft.model)),
        "model": resolved(section) | {"checkpoint": ""},
        "data": resolved(data),
        "prompt": preset.name,
    }
    return kept(inquiry.cache.parent / CACHE, computed_from, compute)


def _accuracy(responses: Mapping[str, Path]) -> dict[str, float]:
    return {name: float(np.mean(list(read_accuracies([folder]).values()))) for name, folder in responses.items()}
