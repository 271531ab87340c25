"""A problem as an OpenAI-compatible chat request; what answers say is read by `synergy.chat_replies`."""

from collections.abc import Mapping, Sequence
from typing import Any

from synergy.config.sampling import SamplingConfig
from synergy.grading.image_url import data_url
from synergy.prompts import PromptPreset
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
