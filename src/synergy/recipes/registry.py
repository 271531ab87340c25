"""All recipes by name."""

from collections.abc import Mapping

from synergy.config.study import RecipeName
from synergy.recipes.base import base
from synergy.recipes.data_mixing import data_mixing
from synergy.recipes.eureka_distill import eureka_distill
from synergy.recipes.interleaved import interleaved
from synergy.recipes.merging import merging
from synergy.recipes.progressive import progressive
from synergy.recipes.recipe import Recipe
from synergy.recipes.released import released
from synergy.recipes.released_merging import released_merging
from synergy.recipes.restored import restored
from synergy.recipes.rl import rl
from synergy.recipes.sft import sft
from synergy.recipes.two_stage import two_stage

RECIPES: Mapping[RecipeName, Recipe] = {
    "base": base,
    "sft": sft,
    "rl": rl,
    "two_stage": two_stage,
    "interleaved": interleaved,
    "progressive": progressive,
    "data_mixing": data_mixing,
    "merging": merging,
    "eureka_distill": eureka_distill,
    "restored": restored,
    "released": released,
    "released_merging": released_merging,
}
