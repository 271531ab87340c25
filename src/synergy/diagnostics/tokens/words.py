"""Words of a response by what they do for its reasoning, and where in their sentence they stand; knows texts alone.

2507.07562 (figure 7) names three words of each class as "reasoning pivotal tokens"; the others in the lists, what ends
a sentence and the groups of positions are ours.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CLASSES: Mapping[str, tuple[str, ...]] = {
    "structural": ("first", "second", "next", "third", "finally", "last", "step"),
    "connector": (
        "then",
        "alternative",
        "because",
        "alternatively",
        "so",
        "therefore",
        "thus",
        "since",
        "however",
        "but",
    ),
    "action": ("let", "consider", "verify", "check", "look", "count", "compute", "compare", "read"),
    "meta": ("wait", "hmm", "maybe", "perhaps", "actually", "mistake"),
}
OTHER, NUMBER, PUNCTUATION, LAYOUT, END = "other word", "number", "punctuation", "layout", "end of response"
KINDS = (*CLASSES, OTHER, NUMBER, PUNCTUATION, LAYOUT, END)
#: by index of a word in its sentence, from 0: the first that begins at or before it
POSITIONS: Mapping[str, int] = {"first word": 0, "second or third": 1, "fourth to seventh": 3, "later": 7}
_OF_WORD = {word: kind for kind, words in CLASSES.items() for word in words}
_PIECE = re.compile(r"(?P<layout></?[A-Za-z_]+>|\\boxed)|(?P<number>\d+)|(?P<word>[^\W\d_]+)|(?P<mark>\S)")
_ENDS = frozenset(".!?")


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A word, number, mark or tag of a text."""

    start: int  #: its first character
    kind: str  #: one of KINDS
    position: str | None  #: where in its sentence, of words and numbers; None for what is neither


def pieces_of(text: str) -> list[Piece]:
    """All of them in order; a sentence ends at . ! ? before a space or the end, at a line's end, at a tag."""
    found: list[Piece] = []
    index, end = 0, 0
    for match in _PIECE.finditer(text):
        if "\n" in text[end : match.start()]:
            index = 0
        end = match.end()
        kind, is_word = _kind(match), match["word"] is not None or match["number"] is not None
        found.append(Piece(start=match.start(), kind=kind, position=_position(index) if is_word else None))
        if is_word:
            index += 1
        elif match["layout"] or (match["mark"] in _ENDS and (end == len(text) or text[end].isspace())):
            index = 0
    return found


def pieces_of_tokens(text: str, offsets: Sequence[tuple[int, int]]) -> list[Piece]:
    """For each token, by its characters [start, end) in the text, the piece that it begins in or completes.

    A token of spaces alone is punctuation; offsets beyond the text are the end of the response.
    """
    pieces = pieces_of(text)
    starts = [piece.start for piece in pieces]
    return [_piece_at(text, start, end, pieces, starts) for start, end in offsets]


def _piece_at(text: str, start: int, end: int, pieces: Sequence[Piece], starts: Sequence[int]) -> Piece:
    if start >= len(text):
        return Piece(start=start, kind=END, position=None)
    shown = next((index for index in range(start, end) if not text[index].isspace()), None)
    place = -1 if shown is None else bisect_right(starts, shown) - 1
    return pieces[place] if place >= 0 else Piece(start=start, kind=PUNCTUATION, position=None)


def _kind(match: re.Match[str]) -> str:
    if match["word"]:
        return _OF_WORD.get(match["word"].lower(), OTHER)
    return NUMBER if match["number"] else LAYOUT if match["layout"] else PUNCTUATION


def _position(index: int) -> str:
    return [name for name, first in POSITIONS.items() if index >= first][-1]
