"""Tables of numbers: as HTML to read, as CSV to take along."""

import base64
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

MAX_ROWS = 300  #: a longer table shows so many; its CSV has all of them
Value = str | float | int | None


@dataclass(frozen=True, kw_only=True)
class DataTable:
    """Rows of values; the first column names the row."""

    name: str  #: of the file that the CSV is saved as
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Value]]

    def csv(self) -> str:
        """As comma-separated values, numbers in full."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([[_csv_value(value) for value in row] for row in self.rows])
        return file.getvalue()

    def links(self) -> Markup:
        """To save the CSV or to copy it."""
        content = base64.b64encode(self.csv().encode("utf-8", "replace")).decode()
        return Markup(
            '<span class="take"><a download="{}.csv" href="data:text/csv;charset=utf-8;base64,{}">CSV</a> '
            '<button type="button" class="copy">copy as CSV</button></span>'
        ).format(self.name, content)

    def folded(self) -> Markup:
        """The table behind a line that opens it, with its CSV."""
        more = ""
        if len(self.rows) > MAX_ROWS:
            more = Markup("<p>The first {} of {:,} rows; the CSV has all.</p>").format(MAX_ROWS, len(self.rows))
        head = [Markup('<th scope="col">{}</th>').format(column) for column in self.columns]
        body = [_row(row) for row in self.rows[:MAX_ROWS]]
        return Markup(
            '<details class="data"><summary>Data: {:,} rows</summary>\n{}{}'
            '<div class="scroll" tabindex="0" role="region" aria-label="{}">'
            "<table><caption>{}</caption><thead><tr>{}</tr></thead>"
            "<tbody>{}</tbody></table></div></details>"
        ).format(
            len(self.rows), self.links(), more, self.name, self.name, Markup("").join(head), Markup("\n").join(body)
        )


def html_table(
    caption: Markup | str, head: Sequence[Markup | str], rows: Sequence[Sequence[Markup | str]], css: str = ""
) -> Markup:
    """A table to read: the first cell of a row is its heading, the others are aligned to the right."""
    heads = [Markup('<th scope="col">{}</th>').format(each) for each in head]
    body = [
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            first, Markup("").join([Markup("<td>{}</td>").format(each) for each in rest])
        )
        for first, *rest in rows
    ]
    return Markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="table"><table class="{}"><caption>{}</caption>'
        "<thead><tr>{}</tr></thead>\n<tbody>{}</tbody></table></div>"
    ).format(css, caption, Markup("").join(heads), Markup("\n").join(body))


def _row(row: Sequence[Value]) -> Markup:
    cells = [
        Markup('<td class="{}">{}</td>').format("text" if isinstance(value, str) else "", _shown(value))
        for value in row
    ]
    return Markup("<tr>{}</tr>").format(Markup("").join(cells))


def _shown(value: Value) -> str:
    if value is None:
        return "–"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _csv_value(value: Value) -> Value:
    """A text that a spreadsheet would run as a formula gets a mark before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
