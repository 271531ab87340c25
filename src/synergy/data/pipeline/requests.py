"""A chat request as it is sent, and as it is known: images by the hash of their pixels."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL.Image import Image

from synergy.config.pipeline_steps import ChatSamplingConfig
from synergy.grading.image_url import data_url


@dataclass(frozen=True, kw_only=True, eq=False)
class ChatRequest:
    """One question to one model; equal ones have the same key, wherever the model is served."""

    model: str
    system: str  #: empty for none
    user: str
    images: Sequence[Image]
    sampling: ChatSamplingConfig
    attempt: int = 0  #: asking again for another reply is another request

    @property
    def asked(self) -> dict[str, Any]:
        """The request without pixels: what the key is a hash of and what is kept beside the reply."""
        asked = self._body([f"sha256:{pixels_sha256(image)}" for image in self.images])
        return {**asked, "attempt": self.attempt} if self.attempt else asked

    def body(self) -> dict[str, Any]:
        """What is sent."""
        return self._body([data_url(image) for image in self.images])

    def _body(self, urls: Sequence[str]) -> dict[str, Any]:
        content: Any = self.user
        if urls:
            pictures = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
            content = [*pictures, {"type": "text", "text": self.user}]
        messages: list[dict[str, Any]] = [{"role": "user", "content": content}]
        if self.system:
            messages.insert(0, {"role": "system", "content": self.system})
        sampling = self.sampling
        body: dict[str, Any] = {
            **sampling.extra,
            "model": self.model,
            "messages": messages,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "max_tokens": sampling.max_tokens,
        }
        return body if sampling.seed is None else {**body, "seed": sampling.seed}


def request_key(asked: Mapping[str, Any]) -> str:
    """The hash, in hex, of what was asked: `ChatRequest.asked`."""
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def pixels_sha256(image: Image) -> str:
    """Of size, mode and pixels, however the file was compressed."""
    digest = hashlib.sha256(f"{image.mode} {image.size}".encode())
    digest.update(image.tobytes())
    return digest.hexdigest()
