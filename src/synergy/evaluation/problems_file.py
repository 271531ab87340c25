"""`problems.jsonl`: what was asked, once for all runs, for readers and for a report's pages."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from synergy.errors import FileError, InputError
from synergy.evaluation.shards import write_whole
from synergy.records import Problem

PROBLEMS = "problems.jsonl"


def write_problems(
    folder: Path,
    problems: Sequence[Problem],
    images: Mapping[str, Sequence[str]],
    levels: Mapping[str, int | None] | None = None,
) -> None:
    """One line a problem; `images` are names of files in images/, `levels` measured ones in place of the problems' own.

    Raises FileError.
    """
    write_whole(folder / PROBLEMS, (json.dumps(_fields(each, images, levels)) + "\n" for each in problems))


def read_images(folder: Path) -> dict[str, list[str]]:
    """The names of image files by problem; raises FileError or InputError where the file is not as it was written."""
    path = folder / PROBLEMS
    try:
        rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        return {row["id"]: row["images"] for row in rows}
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror}); remove {folder} and run again") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path}: not as it was written; remove it and run the same command again") from None


def _fields(
    problem: Problem, images: Mapping[str, Sequence[str]], levels: Mapping[str, int | None] | None
) -> dict[str, object]:
    return {
        "id": problem.id,
        "family": problem.family,
        "answer_kind": problem.answer_kind,
        "level": problem.level if levels is None else levels[problem.id],
        "generating_level": problem.level,
        "question": problem.question,
        "gold": problem.answer,
        "choices": list(problem.choices),
        "images": list(images.get(problem.id, ())),
    }
