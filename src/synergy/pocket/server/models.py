"""The four exact models: a captioner, a solver, a rewriter and a verifier, each a function of the messages."""

import base64
import binascii
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from PIL import Image, UnidentifiedImageError

from synergy.config.pipeline import FaultsConfig
from synergy.grading.grade import grade
from synergy.pocket.server.faults import PADDING, REFUSAL, SENTENCE, Faults
from synergy.pocket.server.index import Index
from synergy.pocket.tasks import one_off
from synergy.prompts import THINK_CLOSE, THINK_OPEN
from synergy.records import AnswerKind, Problem


class UnfitError(Exception):
    """The request cannot be answered; the message says why."""


class ExactModels:
    """Replies by model name; a pure function of the request."""

    def __init__(self, index: Index, faults: FaultsConfig) -> None:
        self._index, self._faults = index, faults
        self._models: dict[str, Callable[[Mapping[str, Any], str, Faults], str]] = {
            "pocket-captioner": self._caption,
            "pocket-solver": self._solve,
            "pocket-rewriter": self._rewrite,
            "pocket-verifier": self._verify,
        }

    @property
    def names(self) -> list[str]:
        """The models."""
        return list(self._models)

    def reply(self, model: str, body: Mapping[str, Any]) -> str:
        """What that model says; raises UnfitError for a request it can do nothing with."""
        if model not in self._models:
            raise KeyError(model)
        text = message_text(body)
        faults = Faults(self._faults, model, f"{text}/{_url(body)}/{body.get('seed')}")
        if faults.happens("refusal"):
            return REFUSAL
        said = self._models[model](body, text, faults)
        return _malformed(said) if faults.happens("malformed") else said

    def _caption(self, body: Mapping[str, Any], text: str, faults: Faults) -> str:
        known = self._index.of_image(_image(body))
        if known is None:
            raise UnfitError("the image is none of the problems that are served")
        return known.caption

    def _solve(self, body: Mapping[str, Any], text: str, faults: Faults) -> str:
        known = self._index.of_texts(_between("image", text), _between("question", text))
        if known is None:
            raise UnfitError("image and question are none of the problems that are served")
        trace, answer = known.item.long().trace, known.problem.answer
        if faults.happens("wrong_answer"):
            wrong = _wrong(known.problem, faults)
            trace, answer = trace.removesuffix(answer) + wrong, wrong
        if faults.happens("says_caption"):
            trace = f"{SENTENCE} {trace}"
        return f"{THINK_OPEN}{trace}{THINK_CLOSE}The answer is \\boxed{{{answer}}}."

    def _rewrite(self, body: Mapping[str, Any], text: str, faults: Faults) -> str:
        given = _between("text", text)
        said = re.sub(r"\b([Tt])he (?:caption|description|rationale)\b", r"\1he image", given)
        return said.replace(THINK_CLOSE, f" {PADDING}{THINK_CLOSE}") if faults.happens("long_rewrite") else said

    def _verify(self, body: Mapping[str, Any], text: str, faults: Faults) -> str:
        known = self._index.of_question(_between("question", text))
        if known is None:
            raise UnfitError("the question is none of the problems that are served")
        problem = replace(known.problem, answer=_between("reference", text))
        return "Yes" if grade(problem, _between("response", text), preset=None).correct else "No"


def _wrong(problem: Problem, faults: Faults) -> str:
    """An answer of the same kind that is not the gold one."""
    gold, kind = problem.answer, problem.answer_kind
    if kind is AnswerKind.OPTION:
        return faults.one_of([letter for letter in "ABCD" if letter != gold])
    if kind in (AnswerKind.DIGIT, AnswerKind.INTEGER, AnswerKind.NUMBER) and re.fullmatch(r"-?\d+", gold):
        return str(one_off(Random(gold), int(gold)))
    if kind is AnswerKind.NUMBER:
        return "1000"
    if kind is AnswerKind.BOX:
        return "[0.00, 0.00, 0.01, 0.01]"
    if kind in (AnswerKind.PERMUTATION, AnswerKind.CELLS):
        return gold[::-1] if gold != gold[::-1] else f"{gold}, {gold}"
    return f"{gold}+1"


def _malformed(said: str) -> str:
    """Without the form that was asked for."""
    return "…" if THINK_CLOSE not in said else said.replace(THINK_CLOSE, "")


def _between(tag: str, text: str) -> str:
    """What stands between the first opening and the last closing tag."""
    start, end = text.find(f"<{tag}>"), text.rfind(f"</{tag}>")
    if start < 0 or end < start:
        raise UnfitError(f"no <{tag}> … </{tag}> in the message; expected the shipped templates' tags")
    return text[start + len(tag) + 2 : end].strip()


def _parts(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The last message's parts."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages or not isinstance(messages[-1], Mapping):
        raise UnfitError("no messages; expected a list of them")
    content = messages[-1].get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if not isinstance(content, list) or not all(isinstance(part, Mapping) for part in content):
        raise UnfitError("the last message has no content; expected a text or a list of parts")
    return content


def message_text(body: Mapping[str, Any]) -> str:
    """All text of the last message."""
    return "\n".join(str(part.get("text")) for part in _parts(body) if part.get("type") == "text")


def _url(body: Mapping[str, Any]) -> str:
    for part in _parts(body):
        held = part.get("image_url")
        if isinstance(held, Mapping):
            return str(held.get("url"))
    return ""


def _image(body: Mapping[str, Any]) -> Image.Image:
    """The first image, sent as a data url."""
    url = _url(body)
    start, comma, content = url.partition(",")
    if not comma or not start.startswith("data:image/") or not start.endswith(";base64"):
        raise UnfitError("no image as a data url in the last message")
    try:
        with Image.open(io.BytesIO(base64.b64decode(content, validate=True)), formats=("PNG", "JPEG")) as image:
            image.load()
            return image.convert("RGB")
    except (binascii.Error, UnidentifiedImageError, OSError, ValueError) as error:
        raise UnfitError(f"the image cannot be decoded: {error}") from error
