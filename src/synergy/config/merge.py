"""The document that describes a merge: which checkpoints become one, by which method, written how.

Checkpoints are folders, repositories on the hub (`name@revision` for one revision), or `pocket`, the shipped model.
Methods mean what mergekit 0.1.5 means by them; where ours differ, a field says so.
"""

import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from synergy.config.base import Config

Name = Annotated[str, Field(min_length=1)]
Fraction = Annotated[float, Field(ge=0, le=1)]
FloatType = Literal["float32", "bfloat16", "float16"]


class WeightedModel(Config):
    """A checkpoint with its share."""

    model: Name
    """a folder, or a repository on the hub"""
    weight: float
    """its factor; with `normalize` relative to the sum of all"""


class SparseModel(WeightedModel):
    """A checkpoint of whose difference to the base only a part is kept."""

    density: Fraction = 1.0
    """share of the difference's entries that are kept, in each tensor"""


class LinearMerge(Config):
    """The weighted mean of the weights (model soups, 2203.05482)."""

    method: Literal["linear"]
    """which method"""
    models: Annotated[tuple[WeightedModel, ...], Field(min_length=2)]
    """what is averaged"""
    normalize: bool = True
    """divide by the sum of the weights"""

    @model_validator(mode="after")
    def _has_a_mean(self) -> Self:
        if self.normalize and abs(sum(each.weight for each in self.models)) < 1e-8:
            raise ValueError("the weights add up to 0; expected another sum, or normalize: false")
        return self


class SlerpMerge(Config):
    """Along the arc between two models, tensor by tensor, each as one flat vector (Shoemake 1985)."""

    method: Literal["slerp"]
    """which method"""
    base_model: Name
    """what t = 0 gives"""
    other_model: Name
    """what t = 1 gives"""
    t: Fraction
    """where on the arc"""


class _DeltaMerge(Config):
    """What is added to a base: the weighted differences of models to it."""

    base_model: Name
    """what the differences are to"""
    scale: float = 1.0
    """lambda: factor of the merged difference"""

    @model_validator(mode="after")
    def _base_is_apart(self) -> Self:
        models: tuple[WeightedModel, ...] = getattr(self, "models", ())
        if any(each.model == self.base_model for each in models):
            raise ValueError(
                f"base_model '{self.base_model}' is among the models too, where it differs from itself in nothing; "
                "expected models trained from it: leave it out there"
            )
        return self


class TaskArithmeticMerge(_DeltaMerge):
    """base + scale · Σ weight · (model − base) (2212.04089)."""

    method: Literal["task_arithmetic"]
    """which method"""
    models: Annotated[tuple[WeightedModel, ...], Field(min_length=1)]
    """whose differences are added"""
    normalize: bool = False
    """divide by the sum of the weights"""


class TiesMerge(_DeltaMerge):
    """Trim differences by magnitude, elect a sign for each entry, average what agrees with it (2306.01708)."""

    method: Literal["ties"]
    """which method"""
    models: Annotated[tuple[SparseModel, ...], Field(min_length=1)]
    """whose differences are merged"""
    normalize: bool = True
    """divide each entry by the sum of the weights that agree"""


class DareMerge(_DeltaMerge):
    """Drop entries of the differences at random, scale up the rest (2311.03099); then add them, or as TIES does."""

    method: Literal["dare_linear", "dare_ties"]
    """whether signs are elected before differences are added"""
    models: Annotated[tuple[SparseModel, ...], Field(min_length=1)]
    """whose differences are merged"""
    normalize: bool = False
    """divide by the sum of the weights (dare_ties: of those that agree)"""
    rescale: Literal["inverse_density", "l1_norm", "none"] = "inverse_density"
    """of what is left: by 1 / density, as the paper has it, or to the former sum of magnitudes, as mergekit 0.1.5"""
    seed: int = 0
    """of what is dropped; the same in any order of tensors and shards"""


class RestoreMerge(Config):
    """Singular vectors of one model put back into another, matrix by matrix (2509.12235, its code `svd_recover`)."""

    method: Literal["restore"]
    """which method"""
    base_model: Name
    """whose singular vectors are put back: the model before tuning, or another checkpoint of it"""
    other_model: Name
    """the tuned model that is restored"""
    share: Fraction
    """of each matrix's singular triplets; their number is rounded to the nearest"""
    slots: Literal["top", "random"] = "top"
    """which: those of the largest singular values, or the same number drawn at random, the control (ours)"""
    values: Literal["kept", "restored"] = "kept"
    """singular values in these slots: the tuned model's, so that directions alone go back, or the base's as well"""
    layers: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(gt=0)]] | None = None
    """[first, end): the language model's layers whose matrices are restored, no others; null for all matrices"""
    embeddings: Literal["kept", "restored", "taken"] = "kept"
    """embeddings and output layer: the tuned model's, restored like other matrices, or taken whole from the base, as
    the paper's code does where it goes by layers"""
    seed: int = 0
    """of random slots; the same in any order of tensors and shards"""

    @model_validator(mode="after")
    def _can_restore(self) -> Self:
        if self.base_model == self.other_model:
            raise ValueError(f"base_model and other_model are both '{self.base_model}'; expected two checkpoints")
        if self.layers is not None and self.layers[0] >= self.layers[1]:
            raise ValueError(f"layers is {list(self.layers)}; expected a first below the end, such as [0, 4]")
        return self


#: what `merge` holds: one of the sections above, told apart by `method`
MergeMethod = Annotated[
    LinearMerge | SlerpMerge | TaskArithmeticMerge | TiesMerge | DareMerge | RestoreMerge,
    Field(discriminator="method"),
]


class KeepConfig(Config):
    """Tensors that are not merged but taken from one checkpoint as they are."""

    prefix: Name | None = None
    """how their names begin, such as visual. ; as a file spells them, or as the loaded model does (model.visual.)"""
    regex: Name | None = None
    """or what is found anywhere in their names"""
    source: Name
    """the checkpoint they are taken from; it need not be among the merged ones"""

    @model_validator(mode="after")
    def _is_one_rule(self) -> Self:
        if (self.prefix is None) == (self.regex is None):
            raise ValueError("expected either prefix or regex")
        if self.regex is not None:
            try:
                re.compile(self.regex)
            except re.error as error:
                raise ValueError(f"regex '{self.regex}' cannot be read ({error}); expected Python's syntax") from None
        return self


class MergeConfig(Config):
    """One merge, complete; the numbers are ours where a method's section does not say otherwise."""

    kind: Literal["merge"] = "merge"
    """the kind of document"""
    merge: MergeMethod
    """the method, its models and settings"""
    keep: tuple[KeepConfig, ...] = ()
    """what is not merged; the first rule that fits a name counts"""
    files_from: Name | None = None
    """whose config, tokenizer, processor and chat template the result gets; null for the base, else the first model"""
    dtype: FloatType | None = None
    """of the result's floating-point tensors; null for what `files_from` stores"""
    compute_dtype: Literal["float32", "float64"] = "float32"
    """what merging computes in, whatever is stored"""
    num_layers: Annotated[int, Field(gt=0)] | None = None
    """refuse models whose language model has another number of layers; null for any"""
    max_shard_bytes: Annotated[int, Field(gt=0)] = 5_000_000_000
    """tensors of a file of the result, together; a larger tensor has a file of its own"""
