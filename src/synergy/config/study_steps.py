"""The sections of a study's own steps, beside those of training, merging and distilling."""

from typing import Annotated, Literal

from pydantic import Field

from synergy.config.base import Config
from synergy.config.benchmark_data import EvaluationDataConfig
from synergy.config.model import ModelConfig
from synergy.config.protocol import ProtocolConfig


class EvaluateStepConfig(Config):
    """One model on one evaluation set; with purpose tag the pass counts that levels are made of."""

    kind: Literal["evaluate"]
    """the kind of document"""
    purpose: Literal["evaluate", "tag"] = "evaluate"
    """whose random numbers: no two purposes share any"""
    model: ModelConfig
    """the model; its checkpoint may be another step's"""
    is_tuned: bool
    """which it is, where the protocol asks tuned and untuned models differently"""
    protocol: ProtocolConfig
    """how it is asked, sampled and read"""
    name: str
    """of the evaluation set"""
    title: str
    """of the evaluation set, in charts"""
    data: EvaluationDataConfig
    """the problems"""
    seed: Annotated[int, Field(ge=0)]
    """of everything sampled"""
    problems_per_shard: Annotated[int, Field(gt=0)]
    """problems that are sampled together"""
    backend: Annotated[Literal["local", "vllm"], Field(exclude_if=lambda backend: backend == "local")] = "local"
    """what samples; left out of files and keys where it is local, so that older steps keep their keys"""
