"""Named settings of algorithms: what a paper or a framework's documented defaults amount to here.

Each is a partial algorithm section (`synergy.config.algorithm`); one of grpo may be given the name of an algorithm that
has GRPO inside, interleaved or progressive. What a framework computes otherwise than any setting of ours can is said
here and in PAPERS.md; above all, we never average over micro-batches.
"""

from collections.abc import Mapping
from typing import Any

_TOKEN_MEAN = {"kind": "token_mean"}

_TRL_GRPO = {
    "name": "grpo",
    "std_epsilon": 1e-4,
    # k3_ratio is what `use_bias_correction_kl`, on by default, amounts to once KL is switched on
    "loss": {"normaliser": _TOKEN_MEAN, "entropy": {"normaliser": _TOKEN_MEAN}, "kl": {"estimator": "k3_ratio"}},
}
_VERL_GRPO = {"name": "grpo", "std_epsilon": 1e-6, "loss": {"normaliser": _TOKEN_MEAN, "clip_dual": 3.0}}

PRESETS: Mapping[str, Mapping[str, Any]] = {
    # papers
    "deepseekmath_grpo": {
        "name": "grpo",
        "loss": {"kl": {"place": "loss", "estimator": "k3", "coefficient": 0.04}},
    },
    # 2507.07562, section 2.2: KL in the loss at 0.005, objective with 1/G and 1/|o|. Ours, as verl has them by default:
    # clip 0.2, estimator low_var_kl (k3), deviation + 1e-6
    "synergy_dilemma_rl": {
        "name": "grpo",
        "std_epsilon": 1e-6,
        "loss": {"kl": {"place": "loss", "estimator": "k3", "coefficient": 0.005}},
    },
    # 2504.11468, appendix C.1: its best row, KL2. Ours, as OpenRLHF, which it adapts, has them: horizon, deviation +
    # 1e-9, token mean, clip 0.2. Ours too: KL in the loss, where its objective has it, by k3
    "vlaa_grpo": {
        "name": "grpo",
        "std_epsilon": 1e-9,
        "loss": {
            "normaliser": _TOKEN_MEAN,
            "kl": {
                "place": "loss",
                "estimator": "k3",
                "coefficient": 1e-3,
                "controller": {"target": 5e-4, "horizon": 10000.0},
            },
        },
    },
    "dapo_paper": {"name": "dapo", "overlong": {"max_tokens": 20480, "cache_tokens": 4096}},
    "gmpo": {
        "name": "grpo",
        "loss": {"form": "gmpo", "ratio_level": "sequence", "clip_low": 0.4, "clip_high": 0.4},
    },
    "sapo": {"name": "grpo", "loss": {"form": "sapo"}},
    "luspo": {
        "name": "gspo",
        # length 1: the token losses of a sequence are summed, the sums averaged
        "loss": {"clip_low": 2e-3, "clip_high": 2.5e-3, "normaliser": {"kind": "fixed_length", "length_tokens": 1}},
    },
    "scalerl_cispo": {"name": "cispo", "std": "batch", "loss": {"normaliser": {"kind": "prompt_mean"}}},
    # TRL 1.16.0; it corrects sampler mismatch for vLLM's samples only
    "trl_grpo": _TRL_GRPO,
    "trl_grpo_vllm": {
        **_TRL_GRPO,
        "loss": {**_TRL_GRPO["loss"], "mismatch": {"mode": "mask", "level": "sequence", "high": 3.0}},
    },
    "trl_rloo": {"name": "rloo", "loss": {"kl": {"place": "reward", "estimator": "k1", "coefficient": 0.05}}},
    # verl: its defaults with adv_estimator grpo, and with the KL loss that its GRPO page asks for
    "verl_grpo": _VERL_GRPO,
    "verl_grpo_kl": {
        **_VERL_GRPO,
        "loss": {**_VERL_GRPO["loss"], "kl": {"place": "loss", "estimator": "k3", "coefficient": 0.001}},
    },
    # EasyR1: examples/config.yaml over verl/workers/actor/config.py
    "easyr1_grpo": {
        "name": "grpo",
        "std_epsilon": 1e-6,
        "loss": {
            "normaliser": _TOKEN_MEAN,
            "clip_high": 0.3,
            "clip_dual": 3.0,
            "kl": {"place": "loss", "estimator": "k3", "coefficient": 0.01},
        },
    },
    # OpenRLHF: its defaults with advantage_estimator group_norm
    "openrlhf_grpo": {
        "name": "grpo",
        "std_epsilon": 1e-9,
        "loss": {
            "normaliser": _TOKEN_MEAN,
            "kl": {"place": "return", "estimator": "k1", "coefficient": 0.01},
        },
    },
    "openrlhf_reinforce_pp": {
        "name": "reinforce_pp",
        "loss": {"kl": {"place": "return", "estimator": "k1", "coefficient": 0.01}},
    },
    # LLaMA-Factory: for models with a processor it averages token means of micro-batches, and the reference is here
    # the mean over the whole step's tokens
    "llamafactory_sft": {"name": "sft"},
}
