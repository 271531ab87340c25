"""Responses that somebody saved, as what diagnostics look at: graded once, before against after."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from synergy.benchmarks.registry import BENCHMARKS
from synergy.cli.score_run import matched_responses, model_of_file
from synergy.diagnostics.subject import Subject
from synergy.errors import InputError
from synergy.evaluation.benchmark_sets import POCKET, check_names
from synergy.evaluation.locking import locked
from synergy.evaluation.scoring import make_score, write_scored
from synergy.evaluation.verdicts import GradingRules, grade_responses


@dataclass(frozen=True, kw_only=True)
class SavedResponses:
    """The command's options about a file."""

    file: Path
    benchmark: str | None
    data: Path | None
    columns: Sequence[str]
    out: Path | None

    def subjects(self, against: str | None) -> tuple[Path, list[Subject], Subject | None]:
        """The folder of findings, the file's model, and what it is compared with, another such file.

        Raises as `synergy score` does.
        """
        benchmark = self.benchmark or _named_in(self.file)
        check_names([benchmark])
        folder = self.out or Path("runs") / f"diagnose-{self.file.stem}"
        files = [self.file] if against is None else [self.file, Path(against)]
        with locked(folder):
            found = [
                self._subject(file, name, benchmark, folder)
                for file, name in zip(files, short_names([file.stem for file in files]), strict=True)
            ]
        return folder, found[:1], found[1] if len(found) > 1 else None

    def _subject(self, file: Path, name: str, benchmark: str, folder: Path) -> Subject:
        _, on, problems, pairs = matched_responses(file, benchmark, self.data, self.columns)
        rules = GradingRules(extraction=None, truncated_is_wrong=True, official=on.official, judge=None)
        graded = grade_responses(pairs, rules, lambda stage, num_done, num: None)
        score = make_score(graded, asked=on, problems=problems, model=model_of_file(name), rules=rules)
        write_scored(folder / name, score, graded, problems)
        return Subject(name=name, responses={benchmark: folder / name})


def short_names(stems: Sequence[str]) -> list[str]:
    """Names of files without the words that all of them begin or end with; each keeps one at least."""
    if len(set(stems)) < 2:
        return [f"{stem}_{index}" if index else stem for index, stem in enumerate(stems)]
    words = [stem.split("_") for stem in stems]
    for end in (-1, 0):
        while all(len(each) > 1 for each in words) and len({each[end] for each in words}) == 1:
            for each in words:
                del each[end]
    return ["_".join(each) for each in words]


def _named_in(file: Path) -> str:
    found = [name for name in (*BENCHMARKS, POCKET) if name in file.name.lower()]
    if not found:
        raise InputError(f"{file}: no benchmark's name is in the file's; expected --benchmark NAME")
    return max(found, key=len)
