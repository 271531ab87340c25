"""A server on this machine that answers chat requests as a test tells it to."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Refusal(Exception):
    """An answer that is an HTTP error."""

    def __init__(self, status: int, **headers: str) -> None:
        self.status = status
        self.headers = headers


#: from a path and a JSON body to a JSON answer, or raises Refusal
Answerer = Callable[[str, dict[str, Any]], dict[str, Any]]


class Loopback:
    """What the server was asked, and how much of it at once."""

    def __init__(self, answer: Answerer) -> None:
        self.answer = answer
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.headers: list[dict[str, str]] = []
        self.under_way = self.most_under_way = 0
        self.lock = threading.Lock()
        self.url = ""

    def handle(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            self.asked.append((path, body))
            self.headers.append(headers)
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            return self.answer(path, body)
        finally:
            with self.lock:
                self.under_way -= 1


@contextmanager
def loopback(answer: Answerer) -> Iterator[Loopback]:
    """The server while the block runs."""
    state = Loopback(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                answer = state.handle(self.path, dict(self.headers), json.loads(content or b"{}"))
                self.reply(200, json.dumps(answer).encode())
            except Refusal as refusal:
                self.reply(refusal.status, b'{"error": "as told"}', refusal.headers)

        do_GET = do_POST

        def reply(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
