"""RL for verl: a Hydra file over its own ppo_trainer.yaml, and a reward file."""

from collections.abc import Mapping
from typing import Any

from synergy.config.algorithm_sections import PolicyGradientSection
from synergy.config.loss import LossConfig
from synergy.config.train import TrainConfig
from synergy.data.formats.verl import VERL as FORMAT
from synergy.exports.reward_file import FUNCTION, NAME, reward_file
from synergy.exports.rl_differences import policy_gradient, shared_differences
from synergy.exports.stages import Stage
from synergy.exports.target import Place, Target, Written
from synergy.exports.verl_names import ADVANTAGE, NO_DUAL_CLIP, SCHEDULES
from synergy.prompts import get_preset

_AGGREGATION = {
    "token_mean": "token-mean",
    "sequence_mean": "seq-mean-token-mean",
    "prompt_mean": "seq-mean-token-mean",
    "fixed_length": "seq-mean-token-sum-norm",
}
_KL = {"k1": "kl", "k2": "mse", "k3": "low_var_kl", "k3+": "k3+", "k3_ratio": "low_var_kl"}


def _write(stage: Stage, place: Place, options: Mapping[str, str]) -> Written:
    del options
    config = stage.config
    algorithm = policy_gradient(stage, "verl")
    loss, kl = algorithm.loss, algorithm.loss.kl
    values: dict[str, Any] = {
        "hydra": {"searchpath": ["pkg://verl.trainer.config"]},
        "defaults": ["ppo_trainer", "_self_"],
        "data": {
            "train_files": place.train,
            "val_files": place.validation or place.train,
            "prompt_key": "prompt",
            "image_key": "images",
            "reward_fn_key": "data_source",
            "train_batch_size": config.train.problems_per_step,
            "max_prompt_length": config.model.rendering.max_prompt_tokens,
            "max_response_length": config.sampling.max_tokens,
            "filter_overlong_prompts": config.model.rendering.too_large == "drop",
            "truncation": "error",
            "shuffle": True,
            "seed": config.seed,
        },
        "algorithm": {
            "adv_estimator": _estimator(algorithm),
            "norm_adv_by_std_in_grpo": getattr(algorithm, "std", "none") != "none",
            "use_kl_in_reward": kl.place in ("reward", "return"),
            "kl_penalty": _KL[kl.estimator],
            "kl_ctrl": {
                "type": "adaptive" if kl.controller else "fixed",
                "kl_coef": kl.coefficient,
                **({"horizon": kl.controller.horizon, "target_kl": kl.controller.target} if kl.controller else {}),
            },
            "filter_groups": _filter(algorithm),
        },
        "actor_rollout_ref": {
            "model": _model(config, place),
            "actor": _actor(config, loss),
            "rollout": _rollout(config),
        },
        "reward": {"custom_reward_function": {"path": f"{place.folder}/{NAME}", "name": FUNCTION}},
        "trainer": _trainer(stage, place),
    }
    title = f"stage {stage.name}"
    files = {NAME: reward_file(config, get_preset(config.prompt), title, for_easyr1=False)}
    return Written(config=values, differences=tuple(_differences(config, algorithm)), files=files)


def _estimator(algorithm: PolicyGradientSection) -> str:
    with_baseline = getattr(algorithm, "baseline", "none") == "group"
    return "reinforce_plus_plus_baseline" if with_baseline else ADVANTAGE[algorithm.name]


def _filter(algorithm: PolicyGradientSection) -> dict[str, Any]:
    dynamic = algorithm.dynamic_sampling
    if dynamic is None:
        return {"enable": False}
    return {"enable": True, "metric": "reward", "max_num_gen_batches": dynamic.max_rounds}


def _model(config: TrainConfig, place: Place) -> dict[str, Any]:
    lora = config.model.lora
    adapters = {"lora_rank": lora.rank, "lora_alpha": round(lora.alpha)} if lora else {}
    targets = {"target_modules": list(lora.targets)} if lora and lora.targets else {}
    return {
        "path": place.model,
        "trust_remote_code": config.model.trust_remote_code,
        "enable_gradient_checkpointing": config.model.gradient_checkpointing,
        **adapters,
        **targets,
    }


def _actor(config: TrainConfig, loss: LossConfig) -> dict[str, Any]:
    optimizer, train = config.optimizer, config.train
    low, high = _bound(loss.clip_low, 1.0), _bound(loss.clip_high, NO_DUAL_CLIP)
    found: dict[str, Any] = {
        "ppo_mini_batch_size": max(train.problems_per_step // train.updates_per_sampling, 1),
        "use_dynamic_bsz": True,
        "ppo_max_token_len_per_gpu": train.max_tokens_per_micro_batch,
        "ppo_epochs": 1,
        "grad_clip": optimizer.max_gradient_norm,
        "freeze_vision_tower": "vision" in config.model.freeze,
        "policy_loss": {"loss_mode": _loss_mode(loss)},
        "clip_ratio": low,
        "clip_ratio_low": low,
        "clip_ratio_high": high,
        "clip_ratio_c": NO_DUAL_CLIP if loss.clip_dual is None else loss.clip_dual,
        "loss_agg_mode": _AGGREGATION[loss.normaliser.kind],
        "use_kl_loss": loss.kl.place == "loss" and loss.kl.coefficient > 0,
        "kl_loss_coef": loss.kl.coefficient,
        "kl_loss_type": _KL[loss.kl.estimator],
        "entropy_coeff": loss.entropy.coefficient,
        "optim": {
            "lr": optimizer.learning_rate,
            "betas": list(optimizer.betas),
            "weight_decay": optimizer.weight_decay,
            "lr_warmup_steps_ratio": optimizer.warmup_fraction,
            "lr_scheduler_type": optimizer.schedule if optimizer.schedule in SCHEDULES else "cosine",
            "min_lr_ratio": optimizer.final_lr_fraction,
        },
    }
    if loss.normaliser.kind == "fixed_length":
        found["loss_scale_factor"] = loss.normaliser.length_tokens or config.sampling.max_tokens
    if loss.form == "sapo":
        found |= {"tau_pos": loss.sapo_temperature_positive, "tau_neg": loss.sapo_temperature_negative}
    return found


def _loss_mode(loss: LossConfig) -> str:
    if loss.form == "clip":
        return "gspo" if loss.ratio_level == "sequence" else "vanilla"
    return {"cispo": "cispo", "gmpo": "geo_mean", "sapo": "sapo"}[loss.form]


def _bound(value: float | None, none: float) -> float:
    return none if value is None else value


def _rollout(config: TrainConfig) -> dict[str, Any]:
    sampling, evaluation = config.sampling, config.evaluation
    validation: dict[str, Any] = {"n": 1, "do_sample": False, "temperature": 0}
    if evaluation is not None:
        temperature = sampling.temperature if evaluation.temperature is None else evaluation.temperature
        validation = {
            "n": evaluation.samples_per_problem,
            "do_sample": temperature > 0,
            "temperature": temperature,
            "top_p": sampling.top_p,
            "top_k": sampling.top_k or -1,
        }
    return {
        "name": "vllm",
        "n": config.train.samples_per_problem,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k or -1,
        "seed": config.seed,
        "gpu_memory_utilization": sampling.vllm.gpu_memory_fraction,
        "tensor_model_parallel_size": 1,
        "load_format": "safetensors",
        "log_prob_use_dynamic_bsz": True,
        "val_kwargs": validation,
    }


def _trainer(stage: Stage, place: Place) -> dict[str, Any]:
    train, evaluation = stage.config.train, stage.config.evaluation
    return {
        "total_training_steps": train.num_steps,
        "total_epochs": train.num_steps,  # the number of steps ends it
        "project_name": "synergy",
        "experiment_name": stage.name,
        "logger": ["console"],
        "nnodes": 1,
        "n_gpus_per_node": 1,
        "save_freq": train.checkpoint_every_steps,
        "test_freq": evaluation.every_steps if evaluation else -1,
        "val_before_train": evaluation is not None,
        "default_local_dir": f"{place.folder}/model",
    }


def _differences(config: TrainConfig, algorithm: PolicyGradientSection) -> list[str]:
    loss = algorithm.loss
    found = shared_differences(config, algorithm)
    if loss.kl.estimator == "k3_ratio" and loss.kl.place != "none":
        found.append("algorithm.loss.kl.estimator k3_ratio: it has no k3 with the ratio; low_var_kl (k3) is set")
    if loss.kl.place == "reward":
        found.append("algorithm.loss.kl.place reward: it takes each token's KL from that token's reward")
    if loss.ratio_level == "sequence_product":
        found.append("algorithm.loss.ratio_level sequence_product: it has token ratios alone")
    if config.optimizer.epsilon != 1e-8:
        found.append(f"optimizer.epsilon {config.optimizer.epsilon}: set optim.override_optimizer_config by hand")
    if config.sampling.is_truncated:
        found.append("sampling.top_p, top_k: check how it corrects for what is cut off")
    return found


VERL = Target(
    name="verl",
    version="0.9.1",
    imitates=False,
    data=FORMAT,
    suffix=".parquet",
    command="python -m verl.trainer.main_ppo --config-path $PWD/{folder} --config-name {stem}",
    write=_write,
)
