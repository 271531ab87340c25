"""A chat server that misbehaves on purpose, as a process of its own; it outlives the client that is killed.

Prints its port. Every request's question goes to a log when it arrives, so that a test sees what was asked how often.
What a question's first requests meet is a function of the question: busy with Retry-After, an error, a hang-up, half a
body, no JSON, JSON without choices, slowness; then its reply, always the same, now and then a refusal or without tags.
Arguments: the log, the seed.
"""

import json
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any

FAULTS = ("busy", "error", "hang_up", "truncated", "no_json", "no_choices", "slow")
_FAULTY = 0.25  #: share of questions that meet faults
_MOST_FAULTS = 3


def reply_to(question: str) -> dict[str, Any]:
    """The same whenever it is asked."""
    dice = Random(f"reply {question}")
    kind = dice.random()
    text = (
        "I'm sorry, no." if kind < 0.02 else "no tags" if kind < 0.05 else f"<think>Wait, {question}.</think>It is 4."
    )
    return {
        "choices": [{"message": {"content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": dice.randint(10, 99), "completion_tokens": len(text)},
    }


class Server(ThreadingHTTPServer):
    """Counts how often each question came."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, log: Path, seed: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seed, self.lock = seed, threading.Lock()
        self.times: dict[str, int] = {}
        self.log = log.open("a", buffering=1)

    def fault(self, question: str) -> str | None:
        """What this request meets; logs it."""
        with self.lock:
            number = self.times.get(question, 0)
            self.times[question] = number + 1
            self.log.write(json.dumps(question) + "\n")
        dice = Random(f"{self.seed} {question}")
        faults = [dice.choice(FAULTS) for _ in range(dice.randint(1, _MOST_FAULTS))] if dice.random() < _FAULTY else []
        return faults[number] if number < len(faults) else None


class Handler(BaseHTTPRequestHandler):
    """One request."""

    def do_POST(self) -> None:
        assert isinstance(self.server, Server)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        question = body["messages"][-1]["content"].partition("<question>")[2].partition("<")[0]
        answer = json.dumps(reply_to(question)).encode()
        match self.server.fault(question):
            case "busy":
                self.send(429, b"{}", Retry_After="0.01")
            case "error":
                self.send(500, b"oops")
            case "hang_up":
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
            case "truncated":
                self.send(200, answer[: len(answer) // 2], length=len(answer))
            case "no_json":
                self.send(200, b"<html>gateway</html>")
            case "no_choices":
                self.send(200, b'{"error": {"message": "upstream"}}')
            case "slow":
                time.sleep(0.05)
                self.send(200, answer)
            case _:
                self.send(200, answer)

    def send(self, status: int, content: bytes, *, length: int | None = None, **headers: str) -> None:
        """The answer, or as much of it as `content` is."""
        self.send_response(status)
        for name, value in {"Content-Length": str(length or len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def main() -> None:
    server = Server(Path(sys.argv[1]), sys.argv[2])
    print(server.server_port, flush=True)
    server.serve_forever(0.01)


if __name__ == "__main__":
    main()
