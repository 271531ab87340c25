"""What values open-ended answers: the pocket's exact count, a reward model, or a server. Opening them is not done here.

A scorer's numbers mean nothing by themselves: the reward compares an answer's with its reference's.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from synergy.config.base import Config

Count = Annotated[int, Field(gt=0)]
Positive = Annotated[float, Field(gt=0)]
Name = Annotated[str, Field(min_length=1)]


class ExactScorerConfig(Config):
    """Counts true statements by the gold answer: for the pocket's `describe`, the share of right cells."""

    kind: Literal["exact"]
    """which scorer"""
    scale: Positive = 10.0
    """score of an answer without a mistake; 0 is one without a truth. Ours: reward models spread about as wide"""


class HuggingFaceScorerConfig(Config):
    """A reward model with one logit, such as AutoModelForSequenceClassification loads; images by its own processor."""

    kind: Literal["huggingface"]
    """which scorer"""
    checkpoint: Name
    """a folder, or a repository on the Hugging Face hub"""
    revision: str | None = None
    """a branch, tag or commit of the repository"""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    """of the weights"""
    device: str = "auto"
    """where it scores; between times its weights are on the CPU. auto is the process's GPU, the CPU without one"""
    batch_size: Count = 8
    """texts that are scored at once"""
    ignore_images: bool = False
    """let a model that takes no images score answers about images by the text alone"""
    trust_remote_code: bool = False
    """run the Python code in the checkpoint's repository"""


class InternLmXComposerScorerConfig(Config):
    """InternLM-XComposer2.5-Reward, the second study's scorer (2504.11468, section 4.1). Not run yet."""

    kind: Literal["internlm_xcomposer"]
    """which scorer"""
    checkpoint: Name
    """a folder, or the repository internlm/internlm-xcomposer2d5-7b-reward on the hub"""
    revision: str | None = None
    """a branch, tag or commit of the repository"""
    device: str = "auto"
    """where it scores; between times its weights are on the CPU. auto is the process's GPU, the CPU without one"""
    max_tiles: Count = 9
    """tiles that an image is cut into, at most: `hd_num` in the model's own code, whose example has 9"""
    trust_remote_code: bool = False
    """run the Python code in the checkpoint's repository, which this model cannot do without"""

    @model_validator(mode="after")
    def _code_is_trusted(self) -> Self:
        if not self.trust_remote_code:
            raise ValueError(
                "trust_remote_code is false and the model is Python code in its repository; "
                "expected true: read that code, then give trust_remote_code: true"
            )
        return self


class HttpScorerConfig(Config):
    """A server that scores texts; what is asked and answered is in `synergy.grading.scorers_http`."""

    kind: Literal["http"]
    """which scorer"""
    url: Annotated[str, Field(pattern=r"^https?://")]
    """the server's base, such as http://localhost:8000"""
    path: Name = "score"
    """what is posted to below the url"""
    api_key_variable: str | None = None
    """environment variable that holds the key; null for a server that wants none"""
    timeout_seconds: Positive = 60.0
    """wait so long for one score"""
    max_retries: Annotated[int, Field(ge=0)] = 4
    """ask again so many times after a time-out, a broken connection or a busy server"""
    retry_seconds: Positive = 1.0
    """wait so long before asking again, twice as long each time"""
    concurrency: Count = 16
    """requests under way at once"""
    send_images: bool = True
    """whether the problem's images are sent along"""


#: what `reward.open_ended.scorer` holds: one of the sections above, told apart by `kind`
ScorerConfig = Annotated[
    ExactScorerConfig | HuggingFaceScorerConfig | InternLmXComposerScorerConfig | HttpScorerConfig,
    Field(discriminator="kind"),
]
