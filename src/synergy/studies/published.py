"""Figures that papers published, as data: to be shown beside a study's own, with source and error of each number."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from synergy.config.base import Config
from synergy.config.load import load

_SHIPPED = Path(__file__).parent / "published"

#: shipped files by name; a study's `published` is one of these names or a path
PUBLISHED = tuple(sorted(path.stem for path in _SHIPPED.glob("*.json")))

Reading = Literal["printed", "pixels", "second_hand"]


class PublishedRow(Config):
    """One line of a table."""

    name: str
    """as the paper calls it"""
    recipe: str | None = None
    """the recipe here that it corresponds to; null for none"""
    values: tuple[float | None, ...]
    """by column; null where the paper has none or it cannot be read"""
    errors: tuple[float | None, ...] | None = None
    """by column, half-widths that differ from the table's"""


class PublishedTable(Config):
    """Numbers of one table or figure."""

    name: str
    """for programs"""
    title: str
    """for people"""
    source: str
    """table, figure or section"""
    reading: Reading = "printed"
    """printed: digits in the paper; pixels: measured in a picture; second_hand: from notes on the paper"""
    error: Annotated[float, Field(ge=0)] | None = None
    """half-width of what a number may be off, in its unit; null for printed digits"""
    unit: str
    """of the values"""
    columns: tuple[str, ...]
    """what each value of a row is of"""
    averages: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """columns that are the mean of others"""
    rows: tuple[PublishedRow, ...]
    """the lines"""
    note: str = ""
    """what to know before using it"""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for row in self.rows:
            for values in (row.values, row.errors):
                if values is not None and len(values) != len(self.columns):
                    raise ValueError(
                        f"table {self.name}, row {row.name}: {len(values)} values for {len(self.columns)} columns"
                    )
        if self.reading == "pixels" and self.error is None:
            raise ValueError(f"table {self.name}: read by pixel without an error; expected one")
        return self

    def row(self, name: str) -> dict[str, float | None]:
        """A row's values by column; raises KeyError for an unknown row."""
        rows = {row.name: row for row in self.rows}
        return dict(zip(self.columns, rows[name].values, strict=True))

    def error_of(self, row: PublishedRow, column: str) -> float | None:
        """How far a value may be off."""
        own = row.errors[self.columns.index(column)] if row.errors is not None else None
        return self.error if own is None else own


class Published(Config):
    """One paper's figures."""

    kind: Literal["published"]
    """the kind of document"""
    paper: str
    """its arXiv number and version"""
    title: str
    """its title"""
    model: str
    """what its numbers are of, where a table does not say otherwise"""
    note: str = ""
    """what holds for all of it"""
    tables: tuple[PublishedTable, ...]
    """the numbers"""

    def table(self, name: str) -> PublishedTable:
        """The table of that name; raises KeyError for an unknown one."""
        return {table.name: table for table in self.tables}[name]


def read_published(name_or_path: str) -> Published:
    """A shipped paper's figures by name, or those of a file; raises FileError or InputError."""
    path = _SHIPPED / f"{name_or_path}.json" if name_or_path in PUBLISHED else Path(name_or_path)
    return load(path, Published)
