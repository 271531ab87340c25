"""A Hugging Face hub on this machine: lists a data set, serves ranges, and misbehaves as a test tells it to."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class LoopbackHub:
    """What it holds, how it fails, and what it was asked."""

    def __init__(self, repository: str, files: dict[str, bytes], *, small: tuple[str, ...] = ()) -> None:
        self.repository, self.files, self.small = repository, files, small
        self.url = ""
        self.cut_at: int | None = None  #: bytes after which every answer breaks off
        self.has_ranges = True
        self.wrong = False  #: serve other contents than listed
        self.requests: list[tuple[str, str | None, str | None]] = []  #: path, range, authorization
        self.bytes_sent = 0

    def listing(self) -> dict[str, object]:
        siblings = [self._sibling(name, content) for name, content in self.files.items()]
        return {"sha": COMMIT, "siblings": siblings, "cardData": {"license": "apache-2.0"}}

    def _sibling(self, name: str, content: bytes) -> dict[str, object]:
        said: dict[str, object] = {"rfilename": name, "size": len(content)}
        if name in self.small:
            return {**said, "blobId": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()}
        return {**said, "blobId": "x", "lfs": {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}}


@contextmanager
def loopback_hub(hub: LoopbackHub) -> Iterator[LoopbackHub]:
    """The server while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            hub.requests.append((path, self.headers.get("Range"), self.headers.get("Authorization")))
            stem = f"/api/datasets/{hub.repository}/revision/"
            if path.startswith(stem):
                known = path.removeprefix(stem) in ("main", COMMIT)
                self.reply(200 if known else 404, json.dumps(hub.listing() if known else {"error": "no"}).encode())
            elif path.startswith(f"/datasets/{hub.repository}/resolve/{COMMIT}/"):
                port = str(self.headers["Host"]).rpartition(":")[2]
                self.send_response(302)  # contents are elsewhere, as on the real one
                self.send_header("Location", f"http://localhost:{port}/cdn/{path.partition(f'/{COMMIT}/')[2]}")
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif path.removeprefix("/cdn/") in hub.files:
                self.contents(hub.files[path.removeprefix("/cdn/")])
            else:
                self.reply(404, b"{}")

        def contents(self, content: bytes) -> None:
            content = content[::-1] if hub.wrong else content
            start = 0
            asked = self.headers.get("Range")
            if asked and hub.has_ranges:
                start = int(asked.removeprefix("bytes=").removesuffix("-"))
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            else:
                self.send_response(200)
            rest = content[start:]
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            sent = rest if hub.cut_at is None else rest[: hub.cut_at]
            hub.bytes_sent += len(sent)
            self.wfile.write(sent)
            if len(sent) < len(rest):
                self.close_connection = True

        def reply(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
