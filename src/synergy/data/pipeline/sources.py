"""All sources as one sequence of samples, each read when it is asked for."""

from itertools import accumulate

from synergy.config.pipeline import PipelineConfig, PipelineSourceConfig
from synergy.config.pipeline_steps import FILLED
from synergy.data.examples import Example, Examples
from synergy.data.load import open_data
from synergy.data.pipeline.sample import Sample
from synergy.data.well_formed import well_formed
from synergy.errors import InputError, nearest
from synergy.records import AnswerKind, Problem


class Sources:
    """Positions count through the sources in the config's order."""

    def __init__(self, config: PipelineConfig) -> None:
        """Open all; raises as `open_data`, and InputError where a column is not there."""
        self._config = config
        self._own_fields = config.own_fields
        self._data: dict[str, Examples] = {}
        for name, source in config.sources.items():
            self._data[name] = open_data(source.data)
            _check_columns(name, source, self._data[name])
        self._ends = list(accumulate(len(data) for data in self._data.values()))

    def __len__(self) -> int:
        """How many samples."""
        return self._ends[-1]

    def key(self, position: int) -> str:
        """The sample's key, without reading it."""
        name, index = self._place(position)
        return well_formed(f"{name}/{self._data[name].ids[index]}")

    def sample(self, position: int) -> Sample:
        """The sample as it enters the first step; raises FileError where an image cannot be decoded."""
        name, index = self._place(position)
        example = self._data[name][index]
        columns = self._config.sources[name].fields
        fields = {each: "" for each in (*FILLED, *self._own_fields)}
        fields |= {each: _column(name, example, column) for each, column in columns.items()}
        return Sample(key=self.key(position), source=name, problem=example.problem, fields=fields)

    def blank(self, position: int) -> Sample:
        """The sample as far as it is known without reading it."""
        name, index = self._place(position)
        problem = Problem(id=self._data[name].ids[index], question="", answer="", answer_kind=AnswerKind.TEXT)
        return Sample(key=self.key(position), source=name, problem=problem, fields={})

    def _place(self, position: int) -> tuple[str, int]:
        start = 0
        for name, end in zip(self._data, self._ends, strict=True):
            if position < end:
                return name, position - start
            start = end
        raise IndexError(position)


def _check_columns(name: str, source: PipelineSourceConfig, data: Examples) -> None:
    if source.fields:
        example = data[0]
        for column in source.fields.values():
            _column(name, example, column)


def _column(name: str, example: Example, column: str) -> str:
    if column not in example.columns:
        known = list(example.columns)
        raise InputError(
            f"source {name}, problem '{example.problem.id}': no text in column '{column}'{nearest(column, known)}; it "
            f"has: {', '.join(known) or 'none'}"
        )
    return example.columns[column]
