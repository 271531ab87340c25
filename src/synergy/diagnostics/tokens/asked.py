"""The problems of a finished evaluation as they were asked: read back from its folder, pictures included."""

import json
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError

from synergy.errors import FileError, InputError
from synergy.evaluation.asking import prompt_of
from synergy.evaluation.pictures import IMAGES
from synergy.evaluation.problems_file import PROBLEMS
from synergy.evaluation.score_file import read_score
from synergy.evaluation.scoring import SCORE
from synergy.prompts import PromptPreset
from synergy.records import AnswerKind, Problem


class AskedProblems:
    """Problems by id, and the prompt that they were put in."""

    def __init__(self, folder: Path) -> None:
        """Read everything but pictures; raises FileError or InputError for a folder without what evaluations write."""
        self._folder = folder
        score = read_score(folder / SCORE)
        if score.protocol is None or score.sampling is None:
            raise InputError(
                f"{folder / SCORE}: of responses that were not sampled here; expected an evaluation of ours"
            )
        is_tuned = None if score.sampling.asked_as is None else score.sampling.asked_as == "tuned"
        self.preset: PromptPreset | None = prompt_of(score.protocol, is_tuned=is_tuned)
        self.first: tuple[str, object] = (score.sampling.first_problem, score.sampling.first_prompt)
        self._rows = _read_rows(folder / PROBLEMS)

    def __getitem__(self, problem_id: str) -> Problem:
        """One problem; raises InputError where the file has it not, FileError for a picture that cannot be read."""
        row = self._rows.get(problem_id)
        if row is None:
            raise InputError(f"{self._folder / PROBLEMS}: has no problem {problem_id}; remove the folder and run again")
        return Problem(
            id=row["id"],
            question=row["question"],
            answer=row["gold"],
            answer_kind=AnswerKind(row["answer_kind"]),
            images=tuple(_read_image(self._folder / IMAGES / name) for name in row["images"]),
            choices=tuple(row["choices"]),
            family=row["family"],
            level=row["level"],
        )


def _read_rows(path: Path) -> dict[str, dict[str, Any]]:
    try:
        rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        return {row["id"]: row for row in rows}
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror}); expected the folder of an evaluation") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path}: not as it was written; remove it and run the evaluation again") from None


def _read_image(path: Path) -> Image.Image:
    try:
        with Image.open(path) as image:
            image.load()
            return image
    except (OSError, UnidentifiedImageError) as error:
        raise FileError(f"{path}: cannot be read ({error}); expected the pictures that the evaluation kept") from None
