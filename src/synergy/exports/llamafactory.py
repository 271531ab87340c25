"""SFT for LLaMA-Factory: a YAML of its arguments.

Keys are the fields of its hparams and of transformers' TrainingArguments. Written for one process: on N processes
divide gradient_accumulation_steps by N.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from synergy.config.train import TrainConfig
from synergy.data.formats.llamafactory import SHAREGPT
from synergy.errors import InputError
from synergy.exports.shared import DATA, evaluation_differences, model_differences, optimizer_differences
from synergy.exports.stages import Stage
from synergy.exports.target import Place, Target, Written

TEMPLATE = "template"
_SCHEDULES = {"constant": "constant", "linear": "linear", "cosine": "cosine"}
_FREEZES = (
    (),
    ("vision",),
    ("projector",),
    ("vision", "projector"),
    ("language",),
    ("vision", "language"),
    ("projector", "language"),
)


def _write(stage: Stage, place: Place, options: Mapping[str, str]) -> Written:
    config = stage.config
    if config.algorithm.name not in ("sft", "dft"):
        raise InputError(f"stage {stage.name}: LLaMA-Factory has no {config.algorithm.name}; expected sft or dft")
    train, optimizer = config.train, config.optimizer
    num_updates = train.num_steps * train.updates_per_sampling
    values: dict[str, Any] = {
        "stage": "sft",
        "do_train": True,
        "model_name_or_path": place.model,
        "trust_remote_code": config.model.trust_remote_code,
        "dataset": PurePosixPath(place.train).stem,
        "dataset_dir": place.folder,
        "media_dir": place.folder,
        "template": options[TEMPLATE],
        "cutoff_len": config.model.rendering.max_prompt_tokens + config.sampling.max_tokens,
        "output_dir": f"{place.folder}/model",
        "seed": config.seed,
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": max(train.problems_per_step // train.updates_per_sampling, 1),
        "max_steps": num_updates,
        "learning_rate": optimizer.learning_rate,
        "lr_scheduler_type": _SCHEDULES[optimizer.schedule],
        "warmup_steps": round(optimizer.warmup_fraction * num_updates),
        "adam_beta1": optimizer.betas[0],
        "adam_beta2": optimizer.betas[1],
        "adam_epsilon": optimizer.epsilon,
        "weight_decay": optimizer.weight_decay,
        "max_grad_norm": optimizer.max_gradient_norm,
        "bf16": train.precision == "bfloat16",
        "logging_steps": 1,
        "save_steps": train.checkpoint_every_steps * train.updates_per_sampling,
        "save_total_limit": train.keep_checkpoints,
        "disable_gradient_checkpointing": not config.model.gradient_checkpointing,
        "use_dft_loss": config.algorithm.name == "dft",
        "report_to": "none",
        **_trained(config),
        **_pixels(config),
    }
    return Written(config=values, differences=tuple(_differences(config, options)), files={})


def _trained(config: TrainConfig) -> dict[str, Any]:
    lora = config.model.lora
    if lora is not None:
        return {
            "finetuning_type": "lora",
            "lora_rank": lora.rank,
            "lora_alpha": round(lora.alpha),
            "lora_dropout": lora.dropout,
            "lora_target": ",".join(lora.targets) if lora.targets else "all",
            "freeze_vision_tower": "vision" not in lora.parts,
            "freeze_multi_modal_projector": "projector" not in lora.parts,
        }
    return {
        "finetuning_type": "full",
        "freeze_vision_tower": "vision" in config.model.freeze,
        "freeze_multi_modal_projector": "projector" in config.model.freeze,
        "freeze_language_model": "language" in config.model.freeze,
    }


def _pixels(config: TrainConfig) -> dict[str, int]:
    rendering = config.model.rendering
    limits = {"image_max_pixels": rendering.max_pixels, "image_min_pixels": rendering.min_pixels}
    return {name: value for name, value in limits.items() if value is not None}


def _differences(config: TrainConfig, options: Mapping[str, str]) -> list[str]:
    rendering, optimizer, nll = config.model.rendering, config.optimizer, config.algorithm.loss.nll
    found = [
        DATA,
        "gradient_accumulation_steps is written for one process: divide it by their number",
        "the loss: it averages the token means of micro-batches; ours is one mean over all tokens of the step",
        f"the prompt: it renders with its template {options[TEMPLATE]}, ours with the model's own; compare a few",
        f"prompts beyond {rendering.max_prompt_tokens} tokens: it cuts at cutoff_len, ours are "
        f"{'dropped' if rendering.too_large == 'drop' else 'an error'}",
        *model_differences(config, _FREEZES),
        *optimizer_differences(config, tuple(_SCHEDULES)),
        *evaluation_differences(config),
    ]
    if optimizer.final_lr_fraction:
        found.append(f"optimizer.final_lr_fraction {optimizer.final_lr_fraction}: its schedules end at 0")
    if rendering.max_pixels is None or rendering.min_pixels is None:
        found.append("pictures: its own limits on pixels, 768×768 and 32×32, where ours are the processor's")
    if config.model.lora and config.model.lora.alpha != round(config.model.lora.alpha):
        found.append(f"model.lora.alpha {config.model.lora.alpha}: it takes whole numbers")
    if config.algorithm.name == "sft" and nll.token_weight != "one":
        found.append(f"algorithm.loss.nll.token_weight {nll.token_weight}: it weighs all tokens alike")
    if nll.normaliser.kind != "token_mean":
        found.append(f"algorithm.loss.nll.normaliser {nll.normaliser.kind}: it knows the mean over tokens alone")
    if nll.coefficient != 1:
        found.append(f"algorithm.loss.nll.coefficient {nll.coefficient}: it has none")
    if config.evaluation is not None:
        found.append("validation: it would measure the loss, ours samples answers; nothing is validated there")
    return found


LLAMAFACTORY = Target(
    name="llamafactory",
    version="0.9.5",
    imitates=True,
    data=SHAREGPT,
    suffix=".json",
    command="llamafactory-cli train {config}",
    write=_write,
)
