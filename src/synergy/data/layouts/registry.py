"""All layouts by name."""

from collections.abc import Mapping

from synergy.config.data import LayoutName
from synergy.data.layouts.eureka_distill import EUREKA_DISTILL
from synergy.data.layouts.geometry3k import GEOMETRY3K
from synergy.data.layouts.layout import Layout
from synergy.data.layouts.mm_eureka import MM_EUREKA
from synergy.data.layouts.mm_eureka_k12 import MM_EUREKA_K12
from synergy.data.layouts.puzzlevqa import PUZZLEVQA
from synergy.data.layouts.synergy import SYNERGY
from synergy.data.layouts.vlaa_thinking import VLAA_THINKING_GRPO, VLAA_THINKING_SFT

LAYOUTS: Mapping[LayoutName, Layout] = {
    "synergy": SYNERGY,
    "puzzlevqa": PUZZLEVQA,
    "mm_eureka_k12": MM_EUREKA_K12,
    "mm_eureka": MM_EUREKA,
    "eureka_distill": EUREKA_DISTILL,
    "vlaa_thinking_sft": VLAA_THINKING_SFT,
    "vlaa_thinking_grpo": VLAA_THINKING_GRPO,
    "geometry3k": GEOMETRY3K,
}
