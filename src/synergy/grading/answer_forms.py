r"""Finding every complete answer in a text, in the form a preset asks for: \boxed{…} or <answer> … </answer>.

One pass with a stack, so that a hostile text costs linear time. Knows nothing about thinking or what an
answer means.
"""

import re
from collections.abc import Sequence

from synergy.prompts import PromptPreset

# An escaped character is matched first, so that the braces of \{ and \} do not count, as in LaTeX.
_BOX_TOKEN = re.compile(r"(?P<box>\\boxed\s*\{)|\\.|(?P<open>\{)|(?P<close>\})", re.DOTALL)
_DIVIDER = re.compile(r"(?:[\s$,;.()]|\\[()\[\],; ]|\\q?quad|and|or|\\text\{\s*(?:and|or)\s*\}){0,20}")
_TAG = re.compile(r"<(?P<close>/)?answer>")


def find_answers(text: str, preset: PromptPreset) -> list[str]:
    """The stripped contents of all complete answers in the preset's form, in order; empty ones included."""
    found = _boxed_contents(text) if preset.answer_form == "boxed" else tag_contents(text)
    return [content.strip() for content in found]


def last_boxes(text: str) -> list[str]:
    """The stripped contents of the last box and of those before it that only "and", "or" and commas divide from it."""
    boxes = [(start, end) for start, end in _box_spans(text) if text[start:end].strip()]
    spans = [(text.rfind("\\boxed", 0, start), end + 1) for start, end in boxes]
    num = num_joined(text, spans)
    return [text[start:end].strip() for start, end in boxes[len(boxes) - num :]]


def num_joined(text: str, spans: Sequence[tuple[int, int]]) -> int:
    """How many of the spans at the end of the list only "and", "or" and commas divide."""
    if not spans:
        return 0
    num = 1
    while num < len(spans) and _DIVIDER.fullmatch(text[spans[-num - 1][1] : spans[-num][0]]):
        num += 1
    return num


def _boxed_contents(text: str) -> list[str]:
    return [text[start:end] for start, end in _box_spans(text)]


def _box_spans(text: str) -> list[tuple[int, int]]:
    """Where the contents of balanced boxes are; of nested boxes the outer one, unless it is never closed."""
    found: list[tuple[int, int]] = []
    open_braces: list[int | None] = []  # where the content of a box starts, None for any other brace
    for token in _BOX_TOKEN.finditer(text):
        if token["box"]:
            open_braces.append(token.end())
        elif token["open"]:
            open_braces.append(None)
        elif token["close"] and open_braces:
            start = open_braces.pop()
            if start is not None:
                while found and found[-1][0] > start:
                    found.pop()
                found.append((start, token.start()))
    return found


def tag_contents(text: str) -> list[str]:
    """Contents between a closing tag and the nearest opening tag before it."""
    found: list[str] = []
    start: int | None = None
    for tag in _TAG.finditer(text):
        if not tag["close"]:
            start = tag.end()
        elif start is not None:
            found.append(text[start : tag.start()])
            start = None
    return found
