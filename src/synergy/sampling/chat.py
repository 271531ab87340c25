"""A problem as an OpenAI-compatible chat request, and what a choice of the answer says."""

from collections.abc import Mapping, Sequence
from typing import Any

from synergy.config.sampling import SamplingConfig
from synergy.grading.image_url import data_url
from synergy.prompts import THINK_CLOSE, THINK_OPEN, PromptPreset
from synergy.records import Problem

PATH = "chat/completions"


def chat_messages(problem: Problem, preset: PromptPreset | None) -> list[dict[str, Any]]:
    """The same chat as `Renderer.text`: images first, then the question as the preset puts it."""
    asked = preset.user_text(problem.question) if preset else problem.question
    content: list[dict[str, Any]] = [
        {"type": "image_url", "image_url": {"url": data_url(image)}} for image in problem.images
    ]
    content.append({"type": "text", "text": asked})
    messages: list[dict[str, Any]] = [{"role": "user", "content": content}]
    if preset and preset.system:
        messages.insert(0, {"role": "system", "content": preset.system})
    return messages


def chat_body(
    messages: Sequence[Mapping[str, Any]],
    config: SamplingConfig,
    *,
    model: str,
    temperature: float,
) -> dict[str, Any]:
    """The request without number and seed; fields beyond OpenAI's own are there only where the config asks for them."""
    body: dict[str, Any] = {
        "model": model,
        "messages": list(messages),
        "temperature": temperature,
        "top_p": config.top_p,
        "max_tokens": config.max_tokens,
    }
    if config.stop:
        body["stop"] = list(config.stop)
    if config.top_k:
        body["top_k"] = config.top_k
    return body


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
