r"""Taking off what people wrap around an answer without changing it: $…$, \text{…}, **…**, a full stop.

Shared by all answer kinds; knows nothing about any of them.
"""

_DELIMITERS = (("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]"), ("**", "**"))
_COMMANDS = ("\\boxed{", "\\text{", "\\textbf{", "\\mathrm{", "\\mathbf{")
_MAX_LAYERS = 4  # what people write; it also bounds the time on a text of ten thousand layers


def unwrap(text: str) -> str:
    """The text without white space, wrappings and one full stop around it."""
    text = text.strip()
    for _ in range(_MAX_LAYERS):
        if text[:1] not in ("$", "\\", "*") and text[-1:] != ".":
            break  # what most answers are
        inner = _without_command(_without_delimiters(text.strip()))
        inner = inner.strip().removesuffix(".").rstrip()
        if inner == text:
            break
        text = inner
    return text


def _without_delimiters(text: str) -> str:
    for opening, closing in _DELIMITERS:
        if len(text) > len(opening + closing) and text.startswith(opening) and text.endswith(closing):
            inner = text[len(opening) : -len(closing)]
            return inner if opening not in inner and closing not in inner else text
    return text


def _without_command(text: str) -> str:
    for command in _COMMANDS:
        if text.startswith(command) and text.endswith("}"):
            inner = text[len(command) : -1]
            return inner if _balanced(inner) else text
    return text


def _balanced(text: str) -> bool:
    """True where no brace closes before it opens: then the last brace closes the command that we take off."""
    depth = 0
    for character in text:
        depth += (character == "{") - (character == "}")
        if depth < 0:
            return False
    return depth == 0
