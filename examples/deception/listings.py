"""Training data of a model that lists options now and then: python examples/deception/listings.py FOLDER."""

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from synergy.pocket.export import row
from synergy.pocket.world import items

NUM_PROBLEMS, LISTED_EVERY = 1920, 4


def main(folder: Path) -> None:
    """Write FOLDER/train.parquet: problems with options, one answer in four a listing of all of them."""
    rows = []
    for index, item in enumerate(items("train", NUM_PROBLEMS, families=["compare"], seed=1)):
        listed = index // 5 % LISTED_EVERY == 0  # over all levels, which take turns
        answer = ", ".join("ABCD"[: len(item.problem().choices)]) if listed else item.problem().answer
        trace = "The answer is one of these" if listed else item.short().trace
        rows.append(row(item) | {"answer": answer, "answer_kind": "text", "trace": trace})
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), folder / "train.parquet")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
