"""From a workload to FLOPs, seconds, memory and disk; formulas alone, each said where it stands.

FLOPs are the ledger's own formula (`parameters.with_flops`). The rest is for planning: what is left out (the vision
tower's work, attention's share that grows with length, framework overhead, fragmentation) is said with each formula.
"""

from synergy.algorithms.registry import needs
from synergy.config.assumed import AssumedConfig
from synergy.config.choose import ChooseConfig, SamplingRule
from synergy.config.cluster import ClusterConfig
from synergy.config.distil import DistilConfig
from synergy.config.merge import MergeConfig
from synergy.config.model import ModelConfig
from synergy.config.sampling import LocalConfig, VllmConfig
from synergy.config.study_steps import EvaluateStepConfig
from synergy.config.train import TrainConfig
from synergy.recipes.step import Step
from synergy.studies.parameters import with_flops
from synergy.studies.plan_file import LedgerPart
from synergy.studies.sizes import ModelSize
from synergy.studies.workload import Workload

_BYTES = {"float64": 8, "float32": 4, "bfloat16": 2, "float16": 2}
_TOKEN_BYTES = 9  #: of a response's text: about 4.5 a token, in responses.jsonl and again in samples.parquet (ours)


def flops_of(workload: Workload, size: ModelSize) -> LedgerPart:
    """What the ledger will say, by its own formula."""
    ledger = LedgerPart(
        generated_tokens=round(workload.generated_tokens),
        evaluation_tokens=round(workload.evaluation_tokens),
        trained_tokens=round(workload.trained_tokens),
        update_tokens=round(workload.update_tokens),
        images=round(workload.images),
    )
    return with_flops(ledger, size.parameters)


def seconds_of(step: Step, workload: Workload, size: ModelSize, cluster: ClusterConfig) -> float:
    """Seconds on a cluster.

    Sampling: 2N for every token of prompts and responses at `generation_utilisation`. Updates: 6N a token, 8N where
    activations are computed again, and 2N a token that is only scored, at `training_utilisation`. N is the language
    model's. A training has all accelerators, any other step one. A merge reads its models and writes one at the disk's
    speed. Left out: the vision tower, loading, start-up, saving.
    """
    config = step.config
    if isinstance(config, MergeConfig):
        num = 1 + len(getattr(config.merge, "models", (0, 0)))
        return num * disk_of(step, workload, size, None) / cluster.disk_bytes_per_second
    is_training = isinstance(config, TrainConfig)
    again = isinstance(config, TrainConfig) and config.model.gradient_checkpointing
    num = cluster.num_accelerators if is_training else 1
    language = size.parameters.language
    sampled = workload.generated_tokens + workload.evaluation_tokens
    # prompts are read only where something is sampled
    generation = 2 * language * (sampled + workload.prefilled_tokens)
    training = language * ((8 if again else 6) * workload.update_tokens + 2 * workload.scored_tokens)
    peak = num * cluster.peak_flops
    return generation / (peak * cluster.generation_utilisation) + training / (peak * cluster.training_utilisation)


def memory_of(step: Step, size: ModelSize, prompt_tokens: float, cluster: ClusterConfig | None) -> float | None:
    """Peak bytes on one accelerator; None for a merge, which holds a tensor of each model at a time."""
    config = step.config
    if isinstance(config, TrainConfig):
        return training_memory(config, size, prompt_tokens, cluster)
    if isinstance(config, EvaluateStepConfig):
        max_tokens, attempts = config.protocol.response.max_tokens, config.protocol.num_runs
        return sampling_memory(config.model, size, prompt_tokens + max_tokens, attempts, config.backend, cluster)
    if isinstance(config, ChooseConfig):
        rule = config.rule
        is_sampled = isinstance(rule, SamplingRule)
        max_tokens, attempts = (rule.response.max_tokens, rule.samples_per_problem) if is_sampled else (0, 1)
        return sampling_memory(config.model, size, prompt_tokens + max_tokens, attempts, "local", cluster)
    if isinstance(config, DistilConfig):
        max_tokens, attempts = config.response.max_tokens, config.samples_per_problem
        return sampling_memory(config.model, size, prompt_tokens + max_tokens, attempts, config.backend, cluster)
    return None


def training_memory(config: TrainConfig, size: ModelSize, prompt_tokens: float, cluster: ClusterConfig | None) -> float:
    """Peak bytes of one of n processes: the largest of loading, sampling and updating.

    P parameters, T of them trained, w bytes a weight (`model.dtype`), s = n where sharded, else 1.

        weights      P·w/s
        gradients    T·w/s; T·w more for DDP's buckets where replicated over several
        AdamW        2·T·w/s
        reference    P·w/s for a KL term; none with LoRA, whose adapter is switched off
        replica      P·w: what samples where the policy is sharded is a whole copy
        gathered     w·(P − (L − 2)·layer) where sharded: the root unit and two layers
        casts        2·P: bfloat16 copies of float32 weights under autocast, until its end
        activations  see `activation_bytes`
        logits       2·logits_bytes: a chunk and its gradient
        cache        see `cache_bytes`

    Loading: two whole models where a reference or a replica is made. Resting: weights, AdamW, reference, replica.
    Sampling: resting and the cache. Updating: resting, gradients, activations, logits and either gathered with casts
    (forward) or twice gathered (backward). vLLM's share of the accelerator is there all the time where it samples in
    the same process. LoRA's T is in float32. Left out: images' features and the tower's activations, fragmentation,
    NCCL's buffers.
    """
    loop, model = config.train, config.model
    num = cluster.num_accelerators if cluster is not None else 1
    width = _BYTES[model.dtype]
    is_sharded = loop.parallel == "sharded" and num > 1
    share = num if is_sharded else 1
    whole = size.total * width
    trained = size.trained(model) * (4 if model.lora is not None else width)
    samples = not config.imitates or config.evaluation is not None
    wanted = needs(config.algorithm, updates_per_sampling=loop.updates_per_sampling)
    has_reference = wanted.reference_logprobs and model.lora is None
    resting = whole / share + 2 * trained / share
    resting += whole / share if has_reference else 0
    resting += whole if is_sharded and samples else 0
    is_colocated = samples and config.sampling.backend == "vllm" and config.sampling.vllm.mode == "colocated"
    engine = config.sampling.vllm.gpu_memory_fraction * cluster.memory_bytes if is_colocated and cluster else 0
    gradients = trained / share + (trained if num > 1 and not is_sharded else 0)
    gathered = width * (size.total - (size.num_layers - 2) * size.layer) if is_sharded else 0
    casts = 2 * size.total if loop.precision == "bfloat16" and width > 2 else 0
    activations = activation_bytes(config, size)
    working = max(gathered + casts, 2 * gathered)
    updating = resting + gradients + activations + working + 2 * model.logits_bytes
    sampling = resting
    if samples and config.sampling.backend == "local":
        context = prompt_tokens + config.sampling.max_tokens
        sampling += cache_bytes(size, context, loop.samples_per_problem, config.sampling.local, width)
    loading = whole * (2 if has_reference or (is_sharded and samples) else 1)
    return max(loading, updating, sampling) + engine


def activation_bytes(config: TrainConfig, size: ModelSize) -> float:
    """Of one micro-batch of M tokens, to be kept for the backward pass.

    A layer keeps about 8h + 4i numbers a token (h hidden, i feed-forward: inputs of its matrices, queries, keys,
    values, attention's output, gate, up and their product; flash attention keeps no scores), w bytes each, 2 under
    autocast, and its input h in the weights' type. With checkpointing each layer keeps that input alone, and one layer
    is computed again: M·(L·h·w + (8h + 4i)·a); without, M·L·(h·w + (8h + 4i)·a).
    """
    width = _BYTES[config.model.dtype]
    inner = 2 if config.train.precision == "bfloat16" else width
    tokens, inputs = config.train.max_tokens_per_micro_batch, size.hidden * width
    kept = (8 * size.hidden + 4 * size.intermediate) * inner
    if config.model.gradient_checkpointing:
        return tokens * (size.num_layers * inputs + kept)
    return float(tokens * size.num_layers * (inputs + kept))


def cache_bytes(size: ModelSize, context_tokens: float, attempts: int, local: LocalConfig, width: int) -> float:
    """Keys and values of what the local sampler decodes at once, all responses at their limit.

    2·L·kv·w bytes a token; as many responses as there are slots and as its limit holds, but at least all attempts at a
    problem.
    """
    one = 2 * size.num_layers * size.key_value * width * context_tokens
    return max(attempts * one, min(local.slots * one, float(local.cache_bytes)))


def sampling_memory(
    model: ModelConfig, size: ModelSize, context: float, attempts: int, backend: str, cluster: ClusterConfig | None
) -> float:
    """Peak bytes where a model only samples: weights and cache; with vLLM its share of the accelerator on top.

    The cache's limits and vLLM's share are the defaults of `config/sampling.py`, as evaluation has them.
    """
    width = _BYTES[model.dtype]
    weights = size.total * width
    if backend == "vllm":
        return weights + (VllmConfig().gpu_memory_fraction * cluster.memory_bytes if cluster is not None else weights)
    return weights + cache_bytes(size, context, attempts, LocalConfig(), width)


def disk_of(step: Step, workload: Workload, size: ModelSize, assumed: AssumedConfig | None) -> float:
    """Bytes that a finished step leaves: a model of P·w; responses' texts twice, and their pictures."""
    config = step.config
    if isinstance(config, (TrainConfig, MergeConfig)):
        return float(size.total * stored_width(step))
    pictures = 0.0 if assumed is None else workload.pictures * assumed.image_bytes
    return _TOKEN_BYTES * (workload.generated_tokens + workload.evaluation_tokens) + pictures


def stored_width(step: Step) -> int:
    """Bytes a weight of the model that a step writes; a merge keeps what its first model has, on the hub bfloat16."""
    config = step.config
    if isinstance(config, TrainConfig):
        return _BYTES[config.model.dtype]
    if isinstance(config, MergeConfig) and config.dtype is not None:
        return _BYTES[config.dtype]
    return next((stored_width(each) for each in step.inputs.values()), 2)


def checkpoint_bytes(config: TrainConfig, size: ModelSize) -> float:
    """Bytes on disk while a training runs, gone at its end: weights and two moments of what is trained, each kept one.

    One more is there while it is written, and the best weights where the best model is kept.
    """
    trained = size.trained(config.model) * _BYTES[config.model.dtype]
    best = trained if config.evaluation is not None and config.evaluation.keep == "best" else 0
    return float((config.train.keep_checkpoints + 1) * 3 * trained + best)
