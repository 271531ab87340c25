"""Problems of a training's own kind that it never saw: what a checkpoint is measured on before RL goes on."""

from synergy.config.data import DataConfig, PocketDataConfig
from synergy.config.train import TrainConfig


def held_out_data(config: TrainConfig, num_problems: int) -> DataConfig | None:
    """The first so many of them: what the run evaluates on, else the pocket's validation split; None where unknown."""
    if config.evaluation is not None and config.evaluation.data is not None:
        data = config.evaluation.data
        stated = data.num_problems if data.num_problems is not None else num_problems
        return data.model_copy(update={"num_problems": min(stated, num_problems)})
    if isinstance(config.data, PocketDataConfig):
        return config.data.model_copy(update={"split": "validation", "num_problems": num_problems})
    return None
