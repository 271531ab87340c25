"""AIME 2024 and 2025: 30 competition problems each, answers are whole numbers from 0 to 999.

Rule: the last box holds the number; leading zeros, which the competition writes, do not count.
"""

from synergy.benchmarks.benchmark import Benchmark, HubTable, Row
from synergy.benchmarks.columns import identity, level, text
from synergy.benchmarks.instructions import therefore_boxed
from synergy.benchmarks.metrics import overall_and_by
from synergy.benchmarks.stated import last_boxed
from synergy.benchmarks.verdicts import official_verdict
from synergy.errors import InputError
from synergy.records import AnswerKind, Problem, Verdict

_MAX_DIGITS = 20


def _benchmark(year: int, repository: str, split: str) -> Benchmark:
    name = f"aime{year % 100}"

    def read(row: Row) -> Problem:
        answer = _whole_number(text(row, "answer", "expected_answer"))
        if answer is None:
            raise InputError(f"answer is '{text(row, 'answer', 'expected_answer')}'; expected a whole number")
        return Problem(
            id=identity(row, "id", "problem_idx", "ID"),
            question=text(row, "problem", "Problem", "question"),
            answer=str(answer),
            answer_kind=AnswerKind.INTEGER,
            source=name,
            level=level(row),
        )

    return Benchmark(
        name=name,
        title=f"AIME {year}",
        source=f"American Invitational Mathematics Examination {year}",
        hub=HubTable(repository=repository, split=split),
        tsv=None,
        instruction=therefore_boxed,
        columns=("problem|Problem|question", "answer|expected_answer"),
        read=read,
        official=_official,
        official_source="the competition: a whole number, read from the last box",
        metrics=overall_and_by(),
        main_metric="overall",
    )


def _official(problem: Problem, response: str) -> Verdict:
    answer = last_boxed(response)
    number = None if answer is None else _whole_number(answer)
    return official_verdict("aime/integer", correct=number == int(problem.answer), extracted=answer)


def _whole_number(written: str) -> int | None:
    bare = written.strip().strip("$").replace(",", "")
    whole, point, zeros = bare.partition(".")
    is_whole = whole.isascii() and whole.isdigit() and len(whole) <= _MAX_DIGITS and zeros == "0" * len(zeros)
    return int(whole) if is_whole and (zeros or not point) else None


AIME24 = _benchmark(2024, "HuggingFaceH4/aime_2024", "train")
AIME25 = _benchmark(2025, "MathArena/aime_2025", "train")
