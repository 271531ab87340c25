r"""Finding every complete answer in a text, in the form a preset asks for: \boxed{…} or <answer> … </answer>.

One pass with a stack, so that a hostile text costs linear time. Knows nothing about thinking or what an
answer means.
"""

import re

from synergy.prompts import PromptPreset

# An escaped character is matched first, so that the braces of \{ and \} do not count, as in LaTeX.
_BOX_TOKEN = re.compile(r"(?P<box>\\boxed\s*\{)|\\.|(?P<open>\{)|(?P<close>\})", re.DOTALL)
_TAG = re.compile(r"<(?P<close>/)?answer>")


def find_answers(text: str, preset: PromptPreset) -> list[str]:
    """The stripped contents of all complete answers in the preset's form, in order; empty ones included."""
    found = _boxed_contents(text) if preset.answer_form == "boxed" else _tag_contents(text)
    return [content.strip() for content in found]


def _boxed_contents(text: str) -> list[str]:
    """Contents of balanced boxes; of nested boxes the outer one, unless it is never closed."""
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
    return [text[start:end] for start, end in found]


def _tag_contents(text: str) -> list[str]:
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
