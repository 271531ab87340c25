"""Column types that formats share."""

import pyarrow as pa

from synergy.data.formats.format import ImageMode
from synergy.problem_columns import IMAGE

TURNS = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
#: turns whose content is a list of parts, as chat templates take them
PART_TURNS = pa.list_(
    pa.struct(
        [
            ("role", pa.string()),
            ("content", pa.list_(pa.struct([("type", pa.string()), ("text", pa.string())]))),
        ]
    )
)


def image_list(images: ImageMode) -> pa.DataType:
    """Of a column of pictures."""
    return pa.list_(IMAGE if images is ImageMode.BYTES else pa.string())
