"""MMMU's own rules for reading options and short answers, without its random choice where a response names no option.

Facts from MMMU-Benchmark/MMMU, eval/eval_utils.py and mmmu-pro/evaluate.py. Upstream draws an option at random there
(seed 42 for MMMU, no seed for MMMU-Pro); here such a response is wrong. Thinking is not cut off, as upstream's is not.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

_STRIPPED = ",.!?;:'"  # one after the other, each from both ends
_MIN_WORDS = 6  # shorter responses are not searched for the options' texts
_KEY_PHRASES = ("could be ", "so ", "is ", "thus ", "therefore ", "final ", "answer ", "result ")
_TRIVIAL = frozenset(":,.!?;'")
_SENTENCE_END = re.compile(r"\.\s(?=[A-Z])|\n")
_NUMBERS = (
    re.compile(r"-?\b\d{1,3}(?:,\d{3})+\b"),
    re.compile(r"-?\d+(?:\.\d+)?[eE][+-]?\d+"),
    re.compile(r"-?(?:\d+\.\d+|\.\d+|\d+\b)(?![eE][+-]?\d+)(?![,\d])"),
)


@dataclass(frozen=True)
class Reading:
    """The option that a response names, None for none, and which of the rules decided."""

    letter: str | None
    rule: str


def read_option(response: str, choices: Sequence[str]) -> Reading:
    """MMMU's `parse_multi_choice_response`: "(B)", a lone " B ", then the options' texts; the last one named counts."""
    return _read_option(_padded(response), choices, [("bracket", "({})"), ("letter", " {} ")])


def read_option_pro(response: str, choices: Sequence[str]) -> Reading:
    """MMMU-Pro's version: the letter after the last "Answer:" first, and "B." as well as a letter before a space.

    A letter before a space may end a word, as in "DNA is": upstream's rule is read as it stands.
    """
    letters = ascii_uppercase[: len(choices)]
    _, marker, answer = response.rpartition("Answer:")
    named = [letter for letter in letters if letter in answer.strip()] if marker else []
    if len(named) == 1:
        return Reading(named[0], "answer")
    return _read_option(_padded(response), choices, [("bracket", "({})"), ("letter", "{} "), ("dot", "{}.")])


def _padded(response: str) -> str:
    for character in _STRIPPED:
        response = response.strip(character)
    return f" {response} "


def _read_option(response: str, choices: Sequence[str], forms: Sequence[tuple[str, str]]) -> Reading:
    letters = ascii_uppercase[: len(choices)]
    for rule, form in forms:
        named = [letter for letter in letters if form.format(letter) in response]
        if named:  # of several letters the last stands alone, whatever form they were found in
            last = form if rule == "bracket" else " {} "
            return Reading(_last(named, response, lambda letter, last=last: last.format(letter)), rule)
    if len(response.split()) >= _MIN_WORDS:
        texts = dict(zip(letters, (choice.lower() for choice in choices), strict=False))
        lowered = response.lower()
        named = [letter for letter in letters if texts[letter] in lowered]
        if named:
            return Reading(_last(named, lowered, lambda letter: texts[letter]), "text")
    return Reading(None, "none")


def _last(letters: Sequence[str], response: str, shown: Callable[[str], str]) -> str:
    """The letter whose last appearance comes last; the first of the letters where they tie."""
    return max(letters, key=lambda letter: response.rfind(shown(letter)))


def read_short(response: str) -> list[str | float]:
    """MMMU's `parse_open_response`: the tails of its key sentences and every number in them, normalised."""
    tails = _key_tails(response)
    numbers = [number for tail in tails for pattern in _NUMBERS for number in pattern.findall(tail)]
    return [value for written in (*tails, *numbers) for value in _normalised(written)]


def short_is_right(golds: Sequence[str], read: Sequence[str | float]) -> bool:
    """MMMU's `eval_open`: a gold text stands in a text that was read, or a gold number equals a number."""
    wanted = [value for gold in golds for value in _normalised(gold)]
    return any(
        any(isinstance(gold, str) and gold in value for gold in wanted) if isinstance(value, str) else value in wanted
        for value in read
    )


def _key_tails(response: str) -> list[str]:
    response = response.strip().strip(".").lower()
    sentences = _SENTENCE_END.split(response)
    found: list[str] = []
    for position, sentence in enumerate(sentences):
        phrases = (*_KEY_PHRASES, "=") if position == len(sentences) - 1 else _KEY_PHRASES
        tails = [sentence.rpartition(phrase)[2].strip() for phrase in phrases if phrase in sentence]
        shortest = ""
        for tail in tails:  # an empty one never wins, as upstream
            if not shortest or len(tail) < len(shortest):
                shortest = tail
        if shortest and shortest not in _TRIVIAL:
            found.append(shortest)
    return found or [response]


def _normalised(written: str) -> list[str | float]:
    """A number to two decimals, else the text in lower case; a lone letter only counts with a space beside it."""
    written = written.strip()
    try:
        return [round(float(written.replace(",", "")), 2)]
    except ValueError:
        lowered = written.lower()
        return [f" {lowered}", f"{lowered} "] if len(lowered) == 1 else [lowered]
