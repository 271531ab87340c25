"""What every other framework does otherwise than we do, whatever its configuration says."""

from synergy.config.train import TrainConfig

DATA = "the order of problems: every framework shuffles with random numbers of its own"
SAMPLES = "the attempts: sampled by another engine with random numbers of its own"


def model_differences(config: TrainConfig, freezes: tuple[tuple[str, ...], ...]) -> list[str]:
    """What is frozen and how prompts are limited; `freezes` are the sets of parts that the framework can freeze."""
    found: list[str] = []
    if tuple(sorted(config.model.freeze)) not in [tuple(sorted(each)) for each in freezes]:
        possible = "; ".join(" and ".join(each) or "nothing" for each in freezes)
        found.append(f"model.freeze [{', '.join(config.model.freeze)}]: it can freeze {possible}")
    if config.model.lora is not None and (config.model.lora.parts != ("language",)):
        found.append(f"model.lora.parts [{', '.join(config.model.lora.parts)}]: its adapters are told by layer names")
    return found


def optimizer_differences(config: TrainConfig, schedules: tuple[str, ...]) -> list[str]:
    """Weight decay and schedules."""
    found: list[str] = []
    if config.optimizer.weight_decay:
        found.append("optimizer.weight_decay: ours spares vectors such as biases and norms; it may not")
    if config.optimizer.schedule not in schedules:
        found.append(f"optimizer.schedule {config.optimizer.schedule}: it knows {', '.join(schedules)}")
    return found


def evaluation_differences(config: TrainConfig) -> list[str]:
    """Early stopping and the choice of a checkpoint."""
    evaluation = config.evaluation
    if evaluation is None:
        return []
    found = [f"evaluation.patience {evaluation.patience}: it does not stop early"] if evaluation.patience else []
    if evaluation.keep == "best":
        found.append("evaluation.keep best: choose the checkpoint of the highest accuracy by hand")
    return found
