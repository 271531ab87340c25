"""Published figures beside ours, for the paper that a study names."""

from collections.abc import Iterator

from markupsafe import Markup

from synergy.report.data_table import DataTable, Value, html_table
from synergy.report.gains_over import gains_over
from synergy.report.markup import Section, by_cell, lines, number, paragraph, signed
from synergy.report.view import Column, StudyView, whole
from synergy.statistics.rates import clustered_standard_error
from synergy.studies.published import Published, PublishedRow, PublishedTable, read_published
from synergy.studies.results import Cell, SetResults

_Z = 1.96  #: of a two-sided 95 % interval
_GAINS = "gains_"  #: begins the names of tables of gains by level; the set's name follows
_READ = {"printed": "", "pixels": "read from a picture", "second_hand": "second hand"}
_COLUMNS = (
    *("table", "row", "arm", "of", "published", "reading_error", "ours"),
    *("difference", "difference_low", "difference_high", "source", "reading"),
)


def published(view: StudyView) -> Section | None:
    """The section; None where the study names no paper. Raises FileError or InputError for a file that is wrong."""
    if view.study.published is None:
        return None
    paper = read_published(view.study.published)
    compared = by_cell(view.cells, lambda cell, prefix: _of_cell(view, cell, prefix, paper))
    intro = f"{paper.title} ({paper.paper}), {paper.model}. {paper.note}"
    none = paragraph("None of its numbers is of these evaluation sets, so none stands beside ours.", "warning")
    parts = [paragraph(intro), none if compared is None else compared, _tables(paper)]
    return Section(id="published", title="Published figures", body=lines(parts))


def _of_cell(view: StudyView, cell: Cell, prefix: str, paper: Published) -> Markup | None:
    rows = [row for table in paper.tables for row in _compared(view, cell, table)]
    if not rows:
        return None
    body: list[list[Markup | str]] = []
    for table, name, arm, what, theirs, error, ours, difference, low, high, source, reading in rows:
        off = "" if error is None else f" ± {error}"
        interval = f"{signed(_float(difference))} [{signed(_float(low))}, {signed(_float(high))}]"
        origin = Markup('{}<br><span class="small">{}</span>').format(source, reading)
        about = f"{table}: {what}"
        body.append(
            [f"{name} ({arm})", about, f"{number(_float(theirs))}{off}", number(_float(ours)), interval, origin]
        )
    caption = (
        "Published beside ours. The interval is that of our number, widened by the error of reading; how much the "
        "published one would differ in another sample or training is not known."
    )
    head = ["published row (our arm)", "of", "published", "ours", "ours − published", "source"]
    data = DataTable(name=f"{prefix}published", columns=_COLUMNS, rows=rows)
    return lines([html_table(caption, head, body, "published"), data.folded()])


def _compared(view: StudyView, cell: Cell, table: PublishedTable) -> Iterator[list[Value]]:
    """Rows of the table whose recipe has an arm here, in columns that are of a set here."""
    for row in table.rows:
        arm = None if row.recipe is None else view.arm_of(row.recipe)
        if arm is None:
            continue
        for name in table.columns:
            theirs = table.row(row.name)[name]
            ours = _ours(view, cell, table, name, arm)
            if theirs is not None and ours is not None:
                yield _row(table, row, arm, name, theirs, ours)


def _row(
    table: PublishedTable,
    row: PublishedRow,
    arm: str,
    column: str,
    theirs: float,
    ours: tuple[float, float, float],
) -> list[Value]:
    error = table.error_of(row, column)
    value, low, high = ours
    off = error or 0.0
    bounds = [value - theirs, low - theirs - off, high - theirs + off]
    return [table.title, row.name, arm, column, theirs, error, value, *bounds, table.source, _READ[table.reading]]


def _ours(view: StudyView, cell: Cell, table: PublishedTable, name: str, arm: str) -> tuple[float, float, float] | None:
    """Our number with its 95 % interval, in the table's unit; None where nothing here is comparable."""
    if table.name.startswith(_GAINS):
        results = _set(cell, table.name.removeprefix(_GAINS))
        column = None if results is None else view.levels(results).get(int(name.removeprefix("L")))
        gain = None if column is None else gains_over(view.baseline, [arm], column).get(arm)
        return None if gain is None else (100 * gain.estimate, 100 * gain.bound(0.025), 100 * gain.bound(0.975))
    column = _column(cell, table, name) if table.unit == "%" else None
    if column is None or not column.has(arm):
        return None
    mean, half = column.mean(arm, "accuracy"), _Z * _standard_error(column, arm)
    return 100 * mean, 100 * (mean - half), 100 * (mean + half)


def _column(cell: Cell, table: PublishedTable, name: str) -> Column | None:
    """The set that a column is of, or the sets whose mean it is; None where any of them is not here."""
    found = [_set(cell, each) for each in table.averages.get(name, (name,))]
    sets = [each for each in found if each is not None]
    return Column(title=name, parts=tuple(whole(each) for each in sets)) if len(sets) == len(found) else None


def _set(cell: Cell, name: str) -> SetResults | None:
    """The set that a paper calls so, whatever the case and signs."""
    return next((each for each in cell.sets.values() if _plain(name) in (_plain(each.name), _plain(each.title))), None)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _standard_error(column: Column, arm: str) -> float:
    """Of an accuracy: the spread over problems, attempts and seeds of one problem going together."""
    seeds = column.seeds(arm)
    variance = 0.0
    for part in column.parts:
        scores = part.scores(arm, seeds)
        problems = [index for _ in seeds for index in range(scores.shape[1])]
        variance += (clustered_standard_error(scores.ravel(), problems) / len(column.parts)) ** 2
    return variance**0.5


def _tables(paper: Published) -> Markup:
    """All the paper's numbers, folded."""
    shown: list[Markup] = []
    for table in paper.tables:
        origin = ", ".join(each for each in (table.source, table.unit, _READ[table.reading], table.note) if each)
        rows = [[row.name, *(_number(table.row(row.name)[name]) for name in table.columns)] for row in table.rows]
        shown.append(html_table(f"{table.title} ({origin})", ["row", *table.columns], rows))
    return Markup("<details><summary>All of the paper's numbers that are stored</summary>{}</details>").format(
        lines(shown)
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}".replace("-", "−")


def _float(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")
