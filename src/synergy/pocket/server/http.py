"""The server itself: OpenAI's paths over the exact models, on this machine alone; standard library."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from synergy.errors import FileError
from synergy.pocket.server.models import ExactModels, UnfitError, message_text

_HOST = "127.0.0.1"
_MAX_BYTES = 64 << 20
_CHARACTERS_PER_TOKEN = 4
_POLL_SECONDS = 0.05


class PocketServer(ThreadingHTTPServer):
    """Answers until it is shut down."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, models: ExactModels, port: int = 0, latency_seconds: float = 0.0) -> None:
        """Bind the port, 0 for any free one; raises FileError where it is taken."""
        self.models, self.latency_seconds = models, latency_seconds
        try:
            super().__init__((_HOST, port), _Handler)
        except OSError as error:
            raise FileError(f"port {port}: cannot be bound ({error.strerror}); expected a free one") from None

    @property
    def url(self) -> str:
        """The base that an endpoint's url names."""
        return f"http://{_HOST}:{self.server_port}/v1"


@contextmanager
def serving(models: ExactModels, latency_seconds: float = 0.0) -> Iterator[str]:
    """The server's url while the block runs."""
    with PocketServer(models, latency_seconds=latency_seconds) as server:
        thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
        thread.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    @property
    def _pocket(self) -> PocketServer:
        assert isinstance(self.server, PocketServer)
        return self.server

    def do_GET(self) -> None:
        if self.path != "/v1/models":
            self._fail(404, f"no such path: {self.path}")
            return
        listed = [{"id": name, "object": "model", "owned_by": "pocket"} for name in self._pocket.models.names]
        self._send(200, {"object": "list", "data": listed})

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.path != "/v1/chat/completions":
            self._fail(404, f"no such path: {self.path}")
        elif not length.isdigit() or int(length) > _MAX_BYTES:
            self._fail(413, f"Content-Length is {length!r}; expected at most {_MAX_BYTES}")
        else:
            self._answer(self.rfile.read(int(length)))

    def _answer(self, content: bytes) -> None:
        try:
            body = json.loads(content)
        except (ValueError, RecursionError) as error:
            self._fail(400, f"no JSON: {error}")
            return
        if not isinstance(body, dict):
            self._fail(400, "no JSON object")
            return
        time.sleep(self._pocket.latency_seconds)
        model = str(body.get("model"))
        try:
            self._send(200, _completion(model, self._pocket.models.reply(model, body), body))
        except KeyError:
            self._fail(404, f"no model {model}; there are {', '.join(self._pocket.models.names)}")
        except UnfitError as error:
            self._fail(400, str(error))

    def _fail(self, status: int, message: str) -> None:
        self._send(status, {"error": {"message": message, "type": "invalid_request_error", "code": status}})

    def _send(self, status: int, value: Mapping[str, Any]) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the terminal belongs to whoever started it."""


def _completion(model: str, said: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The answer; token counts are characters over four, images apart, as there is no tokenizer."""
    num_prompt = len(message_text(body)) // _CHARACTERS_PER_TOKEN + 1
    num_said = len(said) // _CHARACTERS_PER_TOKEN + 1
    usage = {"prompt_tokens": num_prompt, "completion_tokens": num_said, "total_tokens": num_prompt + num_said}
    return {
        "id": f"pocket-{sha256(f'{model}/{said}'.encode()).hexdigest()[:16]}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}],
        "usage": usage,
    }
