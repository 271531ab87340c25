"""What a diagnostic found, as a JSON file: a table with a verdict, that a person, a script and the report can read."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from synergy.config.base import Config
from synergy.config.load import load
from synergy.evaluation.shards import write_whole

Cell = str | float | int | None
Unit = Literal["", "%", "points", "tokens", "nats", "bits", "degrees", "responses", "problems", "steps"]


class FindingColumn(Config):
    """A column of the table."""

    name: str
    """key of its cells in rows"""
    title: str
    """its heading"""
    unit: Unit = ""
    """of its numbers; % and points are stored as shares of 1"""
    low: str | None = None
    """the column that holds the lower end of its 95 % interval"""
    high: str | None = None
    """and the upper end"""


class FindingCurve(Config):
    """Columns of the table as a chart."""

    x: str
    """column of the horizontal axis, numbers or words"""
    y: str
    """column of the vertical axis"""
    by: str = "subject"
    """column that tells lines apart; `subject` takes the colours of arms"""


class MarkedText(Config):
    """A stretch of an example."""

    text: str
    """the words"""
    value: Annotated[float, Field(ge=-1, le=1)] | None = None
    """how strongly it is coloured, from −1 to 1; null for plain text"""
    label: str = ""
    """what is said where it is pointed at"""


class FindingExample(Config):
    """Something for people to read."""

    title: str
    """what it is"""
    parts: tuple[MarkedText, ...]
    """the text in order"""


class Verdict(Config):
    """What is said of one subject, in a word and a sentence."""

    subject: str
    """of whom"""
    name: str
    """the word, such as none, format, memorisation"""
    because: str
    """the sentence, with its numbers"""


class Finding(Config):
    """The answer to one question about some models."""

    kind: Literal["finding"]
    """the kind of document"""
    diagnostic: str
    """which one, by its name in the registry"""
    about: tuple[str, ...]
    """the subjects"""
    against: str | None
    """what they are compared with; null for nothing"""
    method: str
    """how it was measured, for people, with its source"""
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    """numbers that it was measured with: seeds, draws, thresholds"""
    verdicts: tuple[Verdict, ...] = ()
    """what is said of each subject; empty where the question is open"""
    columns: tuple[FindingColumn, ...]
    """the table's columns in order; columns of interval ends are not among them"""
    rows: tuple[dict[str, Cell], ...]
    """the table"""
    curves: tuple[FindingCurve, ...] = ()
    """charts of it"""
    examples: tuple[FindingExample, ...] = ()
    """texts to read"""


def write_finding(finding: Finding, folder: Path) -> Path:
    """Write `folder/NAME.json`, whole or not at all; returns where. Raises FileError."""
    path = folder / f"{finding.diagnostic}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, [finding.model_dump_json(indent=2), "\n"])
    return path


def read_findings(folder: Path) -> list[Finding]:
    """All that `write_finding` wrote there, by name; none where the folder is missing."""
    return [load(path, Finding) for path in sorted(folder.glob("*.json"))]
