"""What an OpenAI-compatible chat answer says: its text, why it ended, what it cost. Asks for nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synergy.http_json import NoAnswerError
from synergy.prompts import THINK_CLOSE, THINK_OPEN

_SHOWN_CHARACTERS = 200


@dataclass(frozen=True, kw_only=True)
class ChatReply:
    """The first choice of an answer."""

    text: str
    finish_reason: str  #: "stop", "length", "content_filter" …; "refusal" where the server tells one apart
    prompt_tokens: int | None  #: None where the server does not say
    completion_tokens: int | None


def read_chat(answer: Mapping[str, Any]) -> ChatReply:
    """The reply in an answer; raises NoAnswerError where it holds none."""
    choices = answer.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
        raise _no_choice(answer)
    choice: Mapping[str, Any] = choices[0]
    message = choice.get("message")
    if not isinstance(message, Mapping) or not isinstance(message.get("content") or "", str):
        raise _no_choice(answer)
    refusal = message.get("refusal")
    usage = answer.get("usage")
    counts: Mapping[str, Any] = usage if isinstance(usage, Mapping) else {}
    return ChatReply(
        text=refusal if isinstance(refusal, str) and refusal else choice_text(choice),
        finish_reason="refusal" if refusal else str(choice.get("finish_reason") or "stop"),
        prompt_tokens=_count(counts.get("prompt_tokens")),
        completion_tokens=_count(counts.get("completion_tokens")),
    )


def choice_text(choice: Mapping[str, Any]) -> str:
    """What was said: reasoning that a server tells apart is put back between its tags, a stop string at the end.

    Only some servers say which stop string ended a response (vLLM's `stop_reason`); others leave it out of the text.
    """
    message = choice["message"]
    text = message.get("content") or ""
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    if reasoning:
        text = f"{THINK_OPEN}{reasoning}{THINK_CLOSE}{text}"
    stop = choice.get("stop_reason")
    return text + stop if isinstance(stop, str) and not text.endswith(stop) else text


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _no_choice(answer: Mapping[str, Any]) -> NoAnswerError:
    return NoAnswerError(f"the answer holds no choices: {str(answer)[:_SHOWN_CHARACTERS]}")
