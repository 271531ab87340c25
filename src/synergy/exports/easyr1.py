"""RL for EasyR1: its YAML, a Jinja file for the instruction, and a reward file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from synergy.config.algorithm_sections import PolicyGradientSection
from synergy.config.loss import LossConfig
from synergy.config.train import TrainConfig
from synergy.data.formats.easyr1 import EASYR1 as FORMAT
from synergy.data.formats.format import ImageMode, Writing
from synergy.data.layouts.layout import Row
from synergy.exports.reward_file import FUNCTION, NAME, reward_file
from synergy.exports.rl_differences import policy_gradient, shared_differences
from synergy.exports.stages import Stage
from synergy.exports.target import Place, Target, Written
from synergy.exports.verl_names import ADVANTAGE, NO_DUAL_CLIP, SCHEDULES
from synergy.prompts import get_preset

GOLD = "gold"  #: a column of its own: the reward is told nothing but one text, so that holds answer and kind
INSTRUCTION = "instruction.jinja"
_KL = {"k1": "kl", "k2": "mse", "k3": "low_var_kl", "k3+": "low_var_kl", "k3_ratio": "low_var_kl"}


def _row(row: Row, writing: Writing) -> dict[str, Any]:
    assert FORMAT.write is not None, "it is written"
    gold = {name: row[name] for name in ("answer", "answer_kind", "choices")}
    return {**FORMAT.write(row, writing), GOLD: json.dumps(gold, ensure_ascii=False)}


def _columns(images: ImageMode) -> Sequence[tuple[str, pa.DataType]]:
    assert FORMAT.columns is not None, "it is written as parquet"
    return [*FORMAT.columns(images), (GOLD, pa.string())]


def _write(stage: Stage, place: Place, options: Mapping[str, str]) -> Written:
    del options
    config = stage.config
    algorithm = policy_gradient(stage, "EasyR1")
    kl, preset = algorithm.loss.kl, get_preset(config.prompt)
    rendering = config.model.rendering
    pixels = {"min_pixels": rendering.min_pixels, "max_pixels": rendering.max_pixels}
    values: dict[str, Any] = {
        "data": {
            "train_files": place.train,
            "val_files": place.validation or place.train,
            "prompt_key": "problem",
            "answer_key": GOLD,
            "image_key": "images",
            "format_prompt": f"{place.folder}/{INSTRUCTION}",
            "max_prompt_length": rendering.max_prompt_tokens,
            "max_response_length": config.sampling.max_tokens,
            "rollout_batch_size": config.train.problems_per_step,
            "filter_overlong_prompts": rendering.too_large == "drop",
            "shuffle": True,
            "seed": config.seed,
            **pixels,
        },
        "algorithm": {
            "adv_estimator": ADVANTAGE[algorithm.name],
            "disable_kl": kl.place == "none" or kl.coefficient == 0,
            "use_kl_loss": kl.place == "loss",
            "kl_penalty": _KL[kl.estimator],
            "kl_coef": kl.coefficient,
            "kl_type": "adaptive" if kl.controller else "fixed",
            **({"kl_horizon": kl.controller.horizon, "kl_target": kl.controller.target} if kl.controller else {}),
            "online_filtering": algorithm.dynamic_sampling is not None,
        },
        "worker": {
            "actor": _actor(config, algorithm.loss, place),
            "rollout": _rollout(config),
            "reward": {"reward_function": f"{place.folder}/{NAME}:{FUNCTION}"},
        },
        "trainer": _trainer(stage, place),
    }
    files = {
        NAME: reward_file(config, preset, f"stage {stage.name}", for_easyr1=True),
        INSTRUCTION: _instruction(preset.instruction),
    }
    return Written(config=values, differences=tuple(_differences(config, algorithm)), files=files)


def _instruction(instruction: str | None) -> str:
    """Its template: the question, then the preset's instruction as it stands."""
    return "{{ content | trim }}" + (f" {{% raw %}}{instruction}{{% endraw %}}" if instruction else "") + "\n"


def _actor(config: TrainConfig, loss: LossConfig, place: Place) -> dict[str, Any]:
    optimizer, train = config.optimizer, config.train
    mode = "seq" if loss.normaliser.kind in ("sequence_mean", "prompt_mean") else "token"
    return {
        "global_batch_size": max(train.problems_per_step // train.updates_per_sampling, 1),
        "micro_batch_size_per_device_for_update": 1,
        "micro_batch_size_per_device_for_experience": 1,
        "max_grad_norm": optimizer.max_gradient_norm,
        "clip_ratio_low": 1.0 if loss.clip_low is None else loss.clip_low,
        "clip_ratio_high": NO_DUAL_CLIP if loss.clip_high is None else loss.clip_high,
        "clip_ratio_dual": NO_DUAL_CLIP if loss.clip_dual is None else loss.clip_dual,
        "loss_avg_mode": mode,
        "loss_type": _loss_type(loss),
        "ppo_epochs": 1,
        "model": {
            "model_path": place.model,
            "trust_remote_code": config.model.trust_remote_code,
            "enable_gradient_checkpointing": config.model.gradient_checkpointing,
            "freeze_vision_tower": "vision" in config.model.freeze,
            **_adapters(config),
        },
        "optim": {
            "lr": optimizer.learning_rate,
            "betas": list(optimizer.betas),
            "weight_decay": optimizer.weight_decay,
            "strategy": "adamw",
            "lr_warmup_ratio": optimizer.warmup_fraction,
            "lr_scheduler_type": optimizer.schedule if optimizer.schedule in SCHEDULES else "cosine",
            "min_lr_ratio": optimizer.final_lr_fraction,
        },
    }


def _adapters(config: TrainConfig) -> dict[str, Any]:
    lora = config.model.lora
    if lora is None:
        return {}
    targets = ",".join(lora.targets) if lora.targets else "all-linear"
    return {"lora": {"rank": lora.rank, "alpha": round(lora.alpha), "target_modules": targets}}


def _loss_type(loss: LossConfig) -> str:
    if loss.form == "cispo":
        return "cispo"
    return "gspo" if loss.ratio_level == "sequence" and loss.form == "clip" else "default"


def _rollout(config: TrainConfig) -> dict[str, Any]:
    sampling, evaluation = config.sampling, config.evaluation
    validation: dict[str, Any] = {"n": 1}
    if evaluation is not None:
        temperature = sampling.temperature if evaluation.temperature is None else evaluation.temperature
        validation = {"n": evaluation.samples_per_problem, "temperature": temperature}
    return {
        "n": config.train.samples_per_problem,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k or -1,
        "seed": config.seed,
        "gpu_memory_utilization": sampling.vllm.gpu_memory_fraction,
        "tensor_parallel_size": 1,
        "val_override_config": validation,
    }


def _trainer(stage: Stage, place: Place) -> dict[str, Any]:
    train, evaluation = stage.config.train, stage.config.evaluation
    return {
        "max_steps": train.num_steps,
        "project_name": "synergy",
        "experiment_name": stage.name,
        "logger": ["console"],
        "nnodes": 1,
        "n_gpus_per_node": 1,
        "save_freq": train.checkpoint_every_steps,
        "save_limit": train.keep_checkpoints,
        "val_freq": evaluation.every_steps if evaluation else -1,
        "val_before_train": evaluation is not None,
        "save_checkpoint_path": f"{place.folder}/model",
    }


def _differences(config: TrainConfig, algorithm: PolicyGradientSection) -> list[str]:
    loss, preset = algorithm.loss, get_preset(config.prompt)
    found = shared_differences(config, algorithm)
    if preset.system:
        found.append(f"prompt {preset.name}: its data have no system turn: set data.override_chat_template by hand")
    if loss.kl.estimator in ("k3+", "k3_ratio") and loss.kl.place != "none":
        found.append(f"algorithm.loss.kl.estimator {loss.kl.estimator}: low_var_kl (k3) is set")
    if loss.kl.place in ("reward", "return"):
        found.append(f"algorithm.loss.kl.place {loss.kl.place}: it takes each token's KL from that token's reward")
    if loss.normaliser.kind == "fixed_length":
        found.append("algorithm.loss.normaliser fixed_length: it has none; the mean over tokens is set")
    if getattr(algorithm, "std", "none") == "none" and algorithm.name not in ("rloo", "reinforce_pp"):
        found.append("the group's standard deviation: it always divides by it")
    if getattr(algorithm, "baseline", "none") == "group":
        found.append("algorithm.baseline group: its reinforce_plus_plus has none")
    if loss.form in ("gmpo", "sapo"):
        found.append(f"algorithm.loss.form {loss.form}: it has none; the plain clip is set")
    if loss.ratio_level == "sequence_product":
        found.append("algorithm.loss.ratio_level sequence_product: it has token ratios alone")
    if loss.entropy.coefficient:
        found.append("algorithm.loss.entropy: it has no entropy bonus")
    if config.optimizer.epsilon != 1e-8:
        found.append(f"optimizer.epsilon {config.optimizer.epsilon}: it has 1e-8")
    return found


EASYR1 = Target(
    name="easyr1",
    version="main of 2026, as its files verl/trainer/config.py and verl/workers/*/config.py say",
    imitates=False,
    data=replace(FORMAT, write=_row, columns=_columns),
    suffix=".parquet",
    command="python -m verl.trainer.main config={config}",
    write=_write,
)
