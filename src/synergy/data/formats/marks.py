"""The marks that stand for pictures in texts, "<image>": set, counted, taken out; words that look like one are escaped.

An escaped word has U+2060, which is not seen, behind its first sign; frameworks count the plain form alone.
"""

import re

from synergy.errors import InputError

MARK = "<image>"
_WORD = re.compile("<(\u2060*)(image|video|audio)>")
_ESCAPED = re.compile("<\u2060(\u2060*)(image|video|audio)>")
_INSIDE = re.compile(r"\s*<image>\s*")


def marked(text: str, num_images: int) -> str:
    """The text after as many marks as there are pictures."""
    return MARK * num_images + _WORD.sub("<\u2060\\1\\2>", text)


def unmarked(text: str, num_images: int) -> str:
    """The text without marks; ours shows all pictures first, wherever the marks stood.

    A text without any mark is taken as it is. Raises InputError where there are not as many marks as pictures.
    """
    num_marks = text.count(MARK)
    if num_marks not in (0, num_images):
        raise InputError(f"{num_marks} <image> in the text with {num_images} pictures; expected as many")
    leading = MARK * num_marks
    rest = text.removeprefix(leading) if text.startswith(leading) else _INSIDE.sub(" ", text)
    return _ESCAPED.sub(r"<\1\2>", rest).strip()


def has_word(text: str) -> bool:
    """Whether the text itself holds a word that a framework would take for a picture, film or sound."""
    return _WORD.search(text) is not None
