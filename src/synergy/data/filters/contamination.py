"""Rows that share words or pictures with evaluation problems."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from synergy.config.filters import ContaminationFilter
from synergy.data.filters.row_filter import Candidate, Reason, RowFilter
from synergy.data.likeness.pictures import PictureIndex, look, pixel_hash
from synergy.data.likeness.shingles import ngrams, normalised, words
from synergy.records import Problem


class References:
    """What evaluation problems consist of: runs of words, short questions as a whole, pictures."""

    def __init__(self, config: ContaminationFilter, sets: Mapping[str, Iterable[Problem]]) -> None:
        """`sets` by name; they are gone through once."""
        self._config = config
        self._names: list[str] = []  #: "set/id" by number
        self._runs: dict[int, list[int]] = defaultdict(list)
        self._whole: dict[str, list[int]] = defaultdict(list)
        self._pixels: dict[str, list[int]] = defaultdict(list)
        self._looks = PictureIndex(config.pictures.max_hamming, config.pictures.max_difference)
        self._of_look: list[str] = []
        for name, problems in sets.items():
            for problem in problems:
                self._add(f"{name}/{problem.id}", problem)

    def __len__(self) -> int:
        """How many problems."""
        return len(self._names)

    def name(self, number: int) -> str:
        """ "set/id" of a problem."""
        return self._names[number]

    def by_text(self, text: str, *, counts_whole: bool) -> set[int]:
        """The problems that share a run of words; those that are the same short text, where that counts."""
        found = words(text)
        if len(found) < self._config.ngram_words:
            return set(self._whole.get(normalised(text), ())) if counts_whole and text.strip() else set()
        runs = ngrams(found, self._config.ngram_words).tolist()
        return {number for run in runs for number in self._runs.get(run, ())}

    def by_pictures(self, candidate: Candidate) -> set[int]:
        """The problems that show one of its pictures, or one that looks the same."""
        found: set[int] = set()
        for seen in candidate.looks:
            if seen is not None:
                found.update(
                    number for place in self._looks.alike(seen) for number in self._pixels[self._of_look[place]]
                )
        return found

    def _add(self, name: str, problem: Problem) -> None:
        number = len(self._names)
        self._names.append(name)
        text = "\n".join((problem.question, *problem.choices))
        found = words(text)
        if len(found) < self._config.ngram_words:
            self._whole[normalised(text)].append(number)
        else:
            for run in set(ngrams(found, self._config.ngram_words).tolist()):
                self._runs[run].append(number)
        for image in problem.images:
            pixels = pixel_hash(image)
            if pixels not in self._pixels:
                self._looks.add(look(image))
                self._of_look.append(pixels)
            self._pixels[pixels].append(number)


def contamination(config: ContaminationFilter, sets: Mapping[str, Iterable[Problem]]) -> RowFilter:
    """Drops the rows that are found in `sets`, the evaluation problems by the name of their set."""
    references = References(config, sets)
    hits: dict[str, int] = dict.fromkeys(("text", "images", "both"), 0)

    def check(candidate: Candidate) -> Reason | None:
        text = candidate.text(("question", "choices"))
        by_pictures = references.by_pictures(candidate)
        anyhow = references.by_text(text, counts_whole=True)
        by_text = anyhow if not candidate.num_pictures else references.by_text(text, counts_whole=False)
        by_both = anyhow & by_pictures
        for kind, found in (("text", by_text), ("images", by_pictures), ("both", by_both)):
            hits[kind] += bool(found)
        found = {"either": by_text | by_pictures, "text": by_text, "images": by_pictures, "both": by_both}[config.when]
        if not found:
            return None
        why = "shared_words_and_picture" if by_both else "shared_picture" if found & by_pictures else "shared_words"
        return Reason(why, references.name(min(found)))

    return RowFilter(
        check=check, measured=lambda: {"num_evaluation_problems": len(references), "rows_with_shared": dict(hits)}
    )
