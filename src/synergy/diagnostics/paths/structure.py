"""The skeleton of a response, and how alike skeletons of different problems are.

No study defines rigidity. Ours: a step's form is its first words with every number as "#"; a response's structure is
its sequence of forms; a model is rigid where responses to different problems have one structure.
"""

import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from synergy.diagnostics.paths.thinking import steps, thinking

FORM_WORDS = 2  #: words of a step that are its form
PHRASE_WORDS = 4  #: words of a phrase, where phrasing is compared

_WORDS = re.compile(r"\d+(?:[.,/]\d+)*|[^\W\d_]+(?:'[a-z]+)?")


def words(text: str) -> list[str]:
    """Words in lower case, each number as "#": phrasing without what the problem put in."""
    return ["#" if word[0].isdigit() else word for word in _WORDS.findall(text.lower())]


def structure(text: str) -> str:
    """A response's steps by their forms, those that repeat the one before left out."""
    forms = [" ".join(words(step.text)[:FORM_WORDS]) for step in steps(text)]
    return " | ".join(form for index, form in enumerate(forms) if index == 0 or form != forms[index - 1])


def phrases(text: str) -> list[tuple[str, ...]]:
    """All runs of `PHRASE_WORDS` words of a response's reasoning."""
    start, end = thinking(text)
    found = words(text[start:end])
    return [tuple(found[index : index + PHRASE_WORDS]) for index in range(len(found) - PHRASE_WORDS + 1)]


def num_repeated(found: Sequence[tuple[str, ...]]) -> int:
    """Phrases that stood in the same response before."""
    return len(found) - len(set(found))


def compression(text: str) -> float:
    """Bytes of a text over its bytes when zlib has packed it: the higher, the more it says the same."""
    encoded = text.encode("utf-8", "backslashreplace")
    return len(encoded) / len(zlib.compress(encoded, 9))


def likeness(structures: Mapping[str, Sequence[str]]) -> tuple[float, float]:
    """How often responses to two different problems have the same structure, and the standard error.

    Takes structures by problem. An unbiased U-statistic; its error by Hoeffding's projection, twice the spread of what
    each problem contributes over the root of their number. NaN for fewer than two problems.
    """
    shares: dict[str, float] = defaultdict(float)  # each problem counts 1, whatever its number of responses
    own = {problem: Counter(each) for problem, each in structures.items() if each}
    num = len(own)
    if num < 2:
        return float("nan"), float("nan")
    for counts in own.values():
        for form, count in counts.items():
            shares[form] += count / counts.total()
    mean_likeness = np.array(
        [
            sum(
                count / counts.total() * (shares[form] - count / counts.total()) / (num - 1)
                for form, count in counts.items()
            )
            for counts in own.values()
        ]
    )
    return float(mean_likeness.mean()), float(2 * mean_likeness.std(ddof=1) / np.sqrt(num))


def likeness_within(groups: Mapping[str, Mapping[str, Sequence[str]]]) -> tuple[float, float]:
    """`likeness` inside each group, such as families, averaged with as much weight as they have problems."""
    found = [(len(each), *likeness(each)) for each in groups.values() if len(each) > 1]
    total = sum(num for num, _, _ in found)
    if not total:
        return float("nan"), float("nan")
    mean = sum(num * estimate for num, estimate, _ in found) / total
    return mean, float(np.sqrt(sum((num * error) ** 2 for num, _, error in found))) / total


def grouped(rows: Sequence[tuple[str, str, str]]) -> dict[str, dict[str, list[str]]]:
    """Rows of (group, problem, structure) as `likeness_within` takes them."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for group, problem, form in rows:
        found[group][problem].append(form)
    return {group: dict(each) for group, each in found.items()}
