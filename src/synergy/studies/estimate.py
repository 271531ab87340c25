"""What a study's steps should cost: from the study's cluster and assumptions, and from what finished steps took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from synergy.config.choose import ChooseConfig
from synergy.config.distil import DistilConfig
from synergy.config.merge import MergeConfig
from synergy.config.study import StudyConfig
from synergy.config.study_steps import EvaluateStepConfig
from synergy.config.train import TrainConfig
from synergy.recipes.step import STEP, Step, StepKind
from synergy.studies.cost import checkpoint_bytes, disk_of, flops_of, memory_of, seconds_of
from synergy.studies.plan_file import LedgerPart
from synergy.studies.sizes import ModelSize, size_of
from synergy.studies.workload import workload_of


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One step's; None for what is not known."""

    nominal_flops: float | None = None
    executed_flops: float | None = None
    seconds: float | None = None
    source: Literal["done", "measured", "cluster", "none"] = "none"  #: of the seconds
    memory_bytes: float | None = None  #: peak on one accelerator
    disk_bytes: float | None = None  #: what it leaves
    temporary_bytes: float = 0.0  #: on disk while it runs


@dataclass(frozen=True, kw_only=True)
class Total:
    """Of several steps; what is not known of some is counted there and left out of the sums."""

    num: int
    num_unknown_flops: int
    num_unknown_seconds: int
    nominal_flops: float
    executed_flops: float
    seconds: float  #: one step after the other
    memory_bytes: float  #: the largest
    disk_bytes: float
    temporary_bytes: float  #: the largest


def estimates_of(study: StudyConfig, steps: Sequence[Step], done: Mapping[str, LedgerPart]) -> dict[str, Estimate]:
    """By key. A finished step has what it took.

    Seconds of others: what finished steps of the same kind took a FLOP (or a step, where FLOPs are not known or none),
    else by the study's cluster, else not known.
    """
    models = {step.key: model_of(step) for step in steps}
    sizes = {model: size_of(model, study.assumed) for model in set(models.values())}
    predicted = {step.key: _predicted(study, step, sizes[models[step.key]]) for step in steps}
    rates = _rates(steps, done, predicted)
    return {step.key: _with_time(step, predicted[step.key], done.get(step.key), rates.get(step.kind)) for step in steps}


def total(estimates: Sequence[Estimate]) -> Total:
    """All of them, one after the other."""
    return Total(
        num=len(estimates),
        num_unknown_flops=sum(each.executed_flops is None for each in estimates),
        num_unknown_seconds=sum(each.seconds is None for each in estimates),
        nominal_flops=sum(each.nominal_flops or 0.0 for each in estimates),
        executed_flops=sum(each.executed_flops or 0.0 for each in estimates),
        seconds=sum(each.seconds or 0.0 for each in estimates),
        memory_bytes=max((each.memory_bytes or 0.0 for each in estimates), default=0.0),
        disk_bytes=sum(each.disk_bytes or 0.0 for each in estimates),
        temporary_bytes=max((each.temporary_bytes for each in estimates), default=0.0),
    )


def model_of(step: Step) -> str:
    """The checkpoint that a step's model descends from: what says how large it is."""
    config = step.config
    if isinstance(config, MergeConfig):
        merged = config.merge
        names = [each.model for each in getattr(merged, "models", ())] or [getattr(merged, "base_model", "")]
        given = next((name for name in names if not name.startswith(STEP)), None)
        return given or model_of(next(iter(step.inputs.values())))
    assert isinstance(config, TrainConfig | ChooseConfig | DistilConfig | EvaluateStepConfig), step.kind
    checkpoint = config.model.checkpoint
    return model_of(step.inputs["model"]) if checkpoint.startswith(STEP) else checkpoint


@dataclass(frozen=True, kw_only=True)
class _Rate:
    """How fast finished steps of a kind were."""

    seconds_per_flop: float | None
    seconds_per_step: float


def _predicted(study: StudyConfig, step: Step, size: ModelSize | None) -> Estimate:
    assumed, cluster = study.assumed, study.cluster
    if assumed is None or size is None:
        return Estimate()
    workload = workload_of(step, assumed)
    if workload is None:
        return Estimate(memory_bytes=memory_of(step, size, assumed.problem_tokens, cluster))
    ledger = flops_of(workload, size)
    return Estimate(
        nominal_flops=ledger.nominal_flops,
        executed_flops=ledger.executed_flops,
        seconds=None if cluster is None else seconds_of(step, workload, size, cluster),
        source="none" if cluster is None else "cluster",
        memory_bytes=memory_of(step, size, assumed.problem_tokens, cluster),
        disk_bytes=disk_of(step, workload, size, assumed),
        temporary_bytes=checkpoint_bytes(step.config, size) if isinstance(step.config, TrainConfig) else 0.0,
    )


def _rates(
    steps: Sequence[Step], done: Mapping[str, LedgerPart], predicted: Mapping[str, Estimate]
) -> dict[StepKind, _Rate]:
    """From finished steps; a FLOP counts as it was predicted, so that what predictions leave out is in the rate."""
    found: dict[StepKind, _Rate] = {}
    for kind in {step.kind for step in steps}:
        finished = [step for step in steps if step.kind == kind and step.key in done]
        if not finished:
            continue
        spent = sum(done[step.key].seconds for step in finished)
        flops = sum(predicted[step.key].executed_flops or 0.0 for step in finished)
        found[kind] = _Rate(seconds_per_flop=spent / flops if flops else None, seconds_per_step=spent / len(finished))
    return found


def _with_time(step: Step, predicted: Estimate, ledger: LedgerPart | None, rate: _Rate | None) -> Estimate:
    values = dict(vars(predicted))
    if ledger is not None:
        values |= {"seconds": ledger.seconds, "source": "done"}
        if ledger.executed_flops:
            values |= {"nominal_flops": ledger.nominal_flops, "executed_flops": ledger.executed_flops}
        if ledger.peak_memory_bytes:
            values |= {"memory_bytes": float(ledger.peak_memory_bytes)}
    elif rate is not None:
        flops = predicted.executed_flops
        by_flops = flops is not None and rate.seconds_per_flop is not None
        seconds = flops * rate.seconds_per_flop if by_flops else rate.seconds_per_step  # pyrefly: ignore
        values |= {"seconds": seconds, "source": "measured"}
    return Estimate(**values)
