"""Tables of problems in parquet, JSON and JSON lines files and in folders of them."""

from itertools import zip_longest

from synergy.config.data import FileDataConfig
from synergy.data.layouts.layout import Row
from synergy.data.row_stream import RowStream
from synergy.data.rows import TableExamples
from synergy.data.tables import table_files


def open_file(config: FileDataConfig) -> TableExamples:
    """The problems of a file or folder; raises FileError where it cannot be read, InputError for what is in it."""
    path = config.path
    files = table_files(path)
    tables = [list(RowStream(file)) for file in files]
    if path.is_dir():
        tables = [_of_family(table, file.stem) for file, table in zip(files, tables, strict=True)]
    rows = [row for turn in zip_longest(*tables) for row in turn if row is not None]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    return TableExamples(str(path), columns, rows, config, files[0].parent)


def _of_family(rows: list[Row], name: str) -> list[Row]:
    return [row if row.get("family") else {**row, "family": name} for row in rows]
