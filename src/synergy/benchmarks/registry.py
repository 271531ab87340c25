"""All benchmarks by name."""

from collections.abc import Mapping
from types import MappingProxyType

from synergy.benchmarks.aime import AIME24, AIME25
from synergy.benchmarks.aqua import AQUA
from synergy.benchmarks.benchmark import Benchmark
from synergy.benchmarks.dynamath import DYNAMATH
from synergy.benchmarks.geoqa import GEOQA
from synergy.benchmarks.gsm8k import GSM8K
from synergy.benchmarks.logicvista import LOGICVISTA
from synergy.benchmarks.math500 import MATH500
from synergy.benchmarks.mathverse import MATHVERSE
from synergy.benchmarks.mathvision import MATHVISION
from synergy.benchmarks.mathvista import MATHVISTA
from synergy.benchmarks.minerva_math import MINERVA_MATH
from synergy.benchmarks.mmmu import MMMU
from synergy.benchmarks.mmmu_pro import MMMU_PRO
from synergy.benchmarks.mmstar import MMSTAR
from synergy.benchmarks.olympiadbench import OLYMPIADBENCH
from synergy.benchmarks.superclevr import SUPERCLEVR
from synergy.benchmarks.svamp import SVAMP
from synergy.benchmarks.wemath import WEMATH
from synergy.errors import unknown_name

_VISUAL = (MATHVISION, MATHVERSE, MATHVISTA, MMMU, MMMU_PRO, MMSTAR, WEMATH, DYNAMATH, LOGICVISTA, GEOQA, SUPERCLEVR)
_TEXT_ONLY = (GSM8K, MATH500, AIME24, AIME25, OLYMPIADBENCH, MINERVA_MATH, SVAMP, AQUA)

BENCHMARKS: Mapping[str, Benchmark] = MappingProxyType(
    {benchmark.name: benchmark for benchmark in (*_VISUAL, *_TEXT_ONLY)}
)


def get_benchmark(name: str) -> Benchmark:
    """The benchmark of that name; raises InputError naming the nearest one."""
    if name not in BENCHMARKS:
        raise unknown_name("benchmark", name, BENCHMARKS)
    return BENCHMARKS[name]
