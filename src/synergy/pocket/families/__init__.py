"""The eight families of the pocket world, one file each."""

from synergy.errors import unknown_name
from synergy.pocket.families.chart import CHART
from synergy.pocket.families.compare import COMPARE
from synergy.pocket.families.count import COUNT
from synergy.pocket.families.describe import DESCRIBE
from synergy.pocket.families.expression import EXPRESSION
from synergy.pocket.families.jigsaw import JIGSAW
from synergy.pocket.families.locate import LOCATE
from synergy.pocket.families.sum import SUM
from synergy.pocket.tasks import Family

FAMILIES: dict[str, Family] = {
    family.name: family for family in (SUM, COUNT, COMPARE, LOCATE, EXPRESSION, CHART, JIGSAW, DESCRIBE)
}
TRAINING_FAMILIES = ("sum", "count", "compare", "locate", "expression")  #: what arms train on
HELD_OUT_FAMILIES = ("chart", "jigsaw")  #: what measures transfer
BASE_SKILL = "describe"  #: what measures forgetting


def get_family(name: str) -> Family:
    """The family of that name; raises InputError naming the nearest one."""
    if name not in FAMILIES:
        raise unknown_name("family", name, FAMILIES)
    return FAMILIES[name]
