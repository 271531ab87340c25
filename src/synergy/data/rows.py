"""From a row of a table to an example, and what can be wrong with a row, said before training.

Columns are those of `synergy pocket export`, once the table is in our layout (`synergy.data.layouts`): id, question,
answer and answer_kind must be there; choices, images, source, family, level, group (`synergy.data.parts`) and
reference, which an open-ended answer has to beat, may be. An image is encoded bytes or a path to a file.
"""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from synergy.config.data import TableDataConfig
from synergy.data.examples import Example
from synergy.data.layouts.lay_out import lay_out
from synergy.data.layouts.layout import Row
from synergy.data.parts import in_part
from synergy.data.row_images import BROKEN, decoded, image_source
from synergy.errors import FileError, InputError, nearest, unknown_name
from synergy.records import AnswerKind, Demonstration, Problem

REQUIRED = ("id", "question", "answer", "answer_kind")


class TableExamples:
    """A table's rows that pass the filters, checked once; images are decoded at each access."""

    def __init__(
        self, label: str, columns: Sequence[str], rows: Sequence[Row], config: TableDataConfig, folder: Path
    ) -> None:
        """`rows` may lack columns only where the column is optional; relative image paths start at `folder`.

        Raises InputError for missing columns, doubled ids and rows that do not fit their layout, and where no row is
        left; FileError for an image that is not there.
        """
        self._label, self.folder, self._trace_column = label, folder, config.trace_column
        columns, rows = lay_out(label, columns, rows, config.layout)
        _check_columns(label, columns, config)
        self.rows = [row for row in rows if passes(row, config)][: config.num_problems]
        if not self.rows:
            asked = f"families {_shown(config.families)}, levels {_shown(config.levels)}"
            asked += f", hashed_part {list(config.hashed_part)}" if config.hashed_part else ""
            raise InputError(f"{label}: no problem of {len(rows)} is left with {asked}; expected at least one")
        self.has_demonstrations = self._trace_column is not None
        self.ids: list[str] = []
        seen: set[str] = set()
        for number, row in enumerate(self.rows, start=1):
            self._check(row, number)
            if row["id"] in seen:
                raise InputError(f"{label}: two problems have the id '{row['id']}'; expected different ids")
            seen.add(row["id"])
            self.ids.append(row["id"])

    def __len__(self) -> int:
        """How many rows."""
        return len(self.rows)

    def __getitem__(self, index: int) -> Example:
        """The row as a problem; raises FileError where an image cannot be decoded."""
        row = self.rows[index]
        problem = Problem(
            id=row["id"],
            question=row["question"],
            answer=row["answer"],
            answer_kind=AnswerKind(row["answer_kind"]),
            images=tuple(self._image(row["id"], image) for image in row.get("images") or ()),
            choices=tuple(row.get("choices") or ()),
            source=row.get("source") or self._label,
            family=row.get("family") or "",
            level=row.get("level"),
            reference=row.get("reference"),
        )
        columns = {name: value for name, value in row.items() if isinstance(value, str)}
        if self._trace_column is None:
            return Example(problem=problem, columns=columns)
        author = f"{problem.source}/{self._trace_column}"
        demonstration = Demonstration(
            problem_id=problem.id, trace=row[self._trace_column], answer=problem.answer, author=author
        )
        return Example(problem=problem, demonstrations=(demonstration,), columns=columns)

    def _check(self, row: Row, number: int) -> None:
        texts = (*REQUIRED, *([self._trace_column] if self._trace_column else []))
        for name in texts:
            if not isinstance(row.get(name), str) or not row[name]:
                raise InputError(
                    f"{self._label}, problem {number} ('{row.get('id')}'): column {name} is {row.get(name)!r}; "
                    "expected a text"
                )
        if row["answer_kind"] not in set(AnswerKind):
            raise unknown_name(f"answer_kind in {self._label}, problem '{row['id']}':", row["answer_kind"], AnswerKind)
        for image in row.get("images") or ():
            source = image_source(image)
            if isinstance(source, str):
                path = self.folder / source
                if not path.is_file():
                    raise FileError(
                        f"{self._label}, problem '{row['id']}': the image {path} does not exist; expected an image file"
                    )
            elif source is None:
                raise FileError(
                    f"{self._label}, problem '{row['id']}': an image is neither bytes nor a path; expected one of them"
                )

    def _image(self, problem_id: str, image: object) -> Image.Image:
        try:
            return decoded(image, self.folder)
        except BROKEN as error:
            source = image_source(image)
            name = "bytes" if isinstance(source, bytes) else source
            raise FileError(
                f"{self._label}, problem '{problem_id}': cannot decode the image ({name}): {error}; "
                "expected PNG or JPEG"
            ) from error


def _check_columns(label: str, columns: Sequence[str], config: TableDataConfig) -> None:
    wanted: list[str] = []
    wanted += [config.trace_column] if config.trace_column else []
    wanted += ["family"] if config.families is not None else []
    wanted += ["level"] if config.levels is not None else []
    for name in wanted:
        if name not in columns:
            raise InputError(
                f"{label}: missing column '{name}'{nearest(name, columns)}; it has: {', '.join(columns) or 'none'}"
            )


def passes(row: Row, config: TableDataConfig) -> bool:
    """Whether a row in our columns is of the configured families, levels and part."""
    of_family = config.families is None or row.get("family") in config.families
    of_level = config.levels is None or row.get("level") in config.levels
    return of_family and of_level and in_part(row, config.hashed_part)


def _shown(values: Sequence[object] | None) -> str:
    return "of any kind" if values is None else ", ".join(map(str, values)) or "none"
