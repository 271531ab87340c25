"""The data sets that `synergy data fetch` knows: where each is, which of its files are wanted, what to do with them.

Sizes, licences and commits are asked of the hub when a data set is fetched; none is written down here. No repository
could be reached when this was written: names of files are from what the papers' pages and the hub's listings say.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from synergy.errors import unknown_name


@dataclass(frozen=True, kw_only=True)
class Published:
    """One data set."""

    repository: str
    about: str
    files: tuple[str, ...]  #: patterns of the files that are wanted, "*" matches slashes, too
    format: str  #: of its tables, for `synergy data convert --from`
    without: str = ""  #: what its tables name and the repository has not


_TABLES = ("*.parquet", "*.json", "*.jsonl")
_TAGGED = (*_TABLES, "*images*.zip")


def _tagged(name: str) -> Published:
    return Published(
        repository=f"JierunChen/{name}_with_difficulty_level",
        about=f"{name} with its difficulty for Qwen2.5-VL-7B (2507.07562, section 2.3)",
        files=_TAGGED,
        format="tagged",
    )


def _vlaa(file: str, about: str, name: str) -> Published:
    return Published(
        repository="UCSC-VLAA/VLAA-Thinking",
        about=about,
        files=(file, "images/*.tar.gz", "images/*.zip"),
        format=name,
        without="pictures of coco/train2017 (COCO) and vg (Visual Genome) are to be had from their own authors",
    )


PUBLISHED: Mapping[str, Published] = {
    "eureka_distill": Published(
        repository="JierunChen/Eureka-Distill",
        about="34k worked answers to MM-Eureka's queries (2507.07562, section 2.1); its columns are not known",
        files=(*_TABLES, "*.zip"),
        format="eureka_distill",
    ),
    "mathvision_difficulty": _tagged("MathVision"),
    "mathverse_difficulty": _tagged("MathVerse"),
    "mathvista_difficulty": _tagged("MathVista"),
    "mmmu_difficulty": _tagged("MMMU"),
    "mmstar_difficulty": _tagged("MMStar"),
    "vlaa_thinking_sft": _vlaa(
        "VLAA-Thinking-SFT-126K.json", "126k worked answers for SFT (2504.11468)", "vlaa_thinking_sft"
    ),
    "vlaa_thinking_grpo": _vlaa(
        "VLAA-Thinking-GRPO-25K.json", "25k harder questions for RL (2504.11468)", "vlaa_thinking_grpo"
    ),
    "mm_eureka": Published(
        repository="FanqingM/MM-Eureka-Dataset",
        about="MM-Eureka's queries, which 2507.07562 trains on",
        files=("dataset.jsonl", "*.zip", "*.tar.gz"),
        format="mm_eureka",
    ),
    "s1k": Published(
        repository="simplescaling/s1K-1.1",
        about="1k questions in words with reasoning of DeepSeek-R1 and Gemini (2507.07562, section 2.1)",
        files=_TABLES,
        format="s1k",
    ),
    "geometry3k": Published(
        repository="hiyouga/geometry3k",
        about="Geometry3K as EasyR1 and verl train on it",
        files=("*.parquet",),
        format="geometry3k",
    ),
}


def get_published(name: str) -> Published:
    """The data set of that name; raises InputError naming the nearest one."""
    if name not in PUBLISHED:
        raise unknown_name("data set", name, PUBLISHED)
    return PUBLISHED[name]
