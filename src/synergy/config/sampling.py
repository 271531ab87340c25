"""How responses are sampled, and by which back-end."""

from typing import Annotated, Literal

from pydantic import Field

from synergy.config.base import Config

Count = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0)]


class LocalConfig(Config):
    """Sampling by the policy itself, in this process. None of these settings changes what is sampled."""

    slots: Count = 1024
    """responses that are decoded at once, at most; fewer where `cache_bytes` doesn't hold them"""
    cohort: Count = 256
    """responses that start together, at most (but all of one problem): fewer fill the slots better, more run faster"""
    cache_bytes: Count = 4 << 30
    """keys and values of all responses being decoded may take so much memory if they grow to `max_tokens`"""
    prefill_tokens: Count = 16_384
    """prompts are run so many tokens at a time (but at least one prompt)"""


class EndpointConfig(Config):
    """Sampling by an OpenAI-compatible server. It reports no token ids, so no RL can be trained on it."""

    url: Annotated[str, Field(pattern=r"^https?://")]
    """the server's base, such as http://localhost:8000/v1"""
    model: Annotated[str, Field(min_length=1)]
    """the model's name on that server"""
    api_key_variable: str | None = None
    """environment variable that holds the key; null for a server that wants none"""
    timeout_seconds: Seconds = 300.0
    """wait so long for the answers to one problem"""
    max_retries: Annotated[int, Field(ge=0)] = 4
    """ask again so many times after a time-out, a broken connection or a busy server"""
    retry_seconds: Seconds = 1.0
    """wait so long before asking again, twice as long each time"""
    concurrency: Count = 16
    """requests under way at once"""


class VllmConfig(Config):
    """Sampling by vLLM on GPUs; needs the extra `vllm`. Not run yet on a GPU."""

    mode: Literal["colocated", "server"] = "colocated"
    """colocated: in this process, on the policy's GPU; server: one started with `vllm serve`, on its own GPUs"""
    url: Annotated[str, Field(pattern=r"^https?://")] | None = None
    """the server's address, such as http://localhost:8000; for mode server alone"""
    gpu_memory_fraction: Annotated[float, Field(gt=0, le=1)] = 0.4
    """share of the GPU that vLLM takes; for mode colocated alone"""
    max_context_tokens: Count | None = None
    """longest prompt and response together; null for what prompt and response limits add up to"""
    max_images: Count = 8
    """most images in one prompt"""
    timeout_seconds: Seconds = 600.0
    """wait so long for the server"""


class SamplingConfig(Config):
    """How responses are sampled. A model's own `generation_config` plays no part."""

    backend: Literal["local", "endpoint", "vllm"] = "local"
    """what samples: the policy in this process, an OpenAI-compatible server, or vLLM"""
    temperature: Annotated[float, Field(ge=0)] = 1.0
    """logits are divided by it; 0 takes the likeliest token"""
    top_p: Annotated[float, Field(gt=0, le=1)] = 1.0
    """sample among the likeliest tokens that together have this probability; 1 for all tokens"""
    top_k: Annotated[int, Field(ge=0)] = 0
    """sample among so many of the likeliest tokens; 0 for all"""
    max_tokens: Count = 512
    """a response has at most so many tokens beyond its prefix"""
    stop: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """a response ends once it holds one of these texts, which stays in it"""
    local: LocalConfig = LocalConfig()
    """settings of backend local"""
    endpoint: EndpointConfig | None = None
    """settings of backend endpoint"""
    vllm: VllmConfig = VllmConfig()
    """settings of backend vllm"""

    @property
    def is_truncated(self) -> bool:
        """Whether unlikely tokens are cut off; recorded log-probs are then not those of what was drawn from."""
        return self.top_p < 1 or self.top_k > 0

    @property
    def records_logprobs(self) -> bool:
        """Whether rollouts have `sampler_logprobs`."""
        return self.backend != "endpoint"
