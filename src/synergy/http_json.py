"""Posting JSON to a server, again where it was busy or out of reach; standard library alone."""

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synergy.errors import InputError

_BUSY = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
#: of the request itself, such as a prompt beyond the server's limit; others in 400 … 499 are of the set-up
_UNFIT = frozenset({400, 413, 422})
_SHOWN_CHARACTERS = 300


class NoAnswerError(Exception):
    """The server has no answer to this request; others may fare better."""


@dataclass(frozen=True, kw_only=True)
class JsonClient:
    """One server."""

    url: str
    timeout_seconds: float
    max_retries: int = 0
    retry_seconds: float = 1.0
    api_key: str | None = None

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The server's answer to `body` (None for an empty one) at `path` below the url.

        Raises NoAnswerError when all tries are used up or the server finds the request unfit, InputError where the
        set-up is wrong (no such path or model, a refused key, no JSON).
        """
        return self._ask("POST", path, json.dumps(body or {}).encode())

    def get(self, path: str) -> dict[str, Any]:
        """What the server has at `path`; raises as `post`."""
        return self._ask("GET", path, None)

    def _ask(self, method: str, path: str, content: bytes | None) -> dict[str, Any]:
        for attempt in range(self.max_retries + 1):
            try:
                return self._try(method, path, content)
            except urllib.error.HTTPError as error:
                reason = f"HTTP {error.code}: {_shown(error)}"
                if error.code in _UNFIT:
                    raise NoAnswerError(reason) from error
                if error.code not in _BUSY:
                    raise InputError(
                        f"{self.url}/{path} refuses requests with {reason}; expected a server of that interface: "
                        "check url, model and key"
                    ) from error
                wait = _retry_after(error)
            except (OSError, http.client.HTTPException) as error:  # time-outs, broken and refused connections
                reason, wait = f"{type(error).__name__}: {error}", None
            if attempt == self.max_retries:
                raise NoAnswerError(f"{self.url}/{path}, tried {attempt + 1} times: {reason}")
            time.sleep(self.retry_seconds * 2**attempt if wait is None else wait)
        raise AssertionError("the last try returns or raises")

    def _try(self, method: str, path: str, content: bytes | None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if self.api_key is not None:
            headers["Authorization"] = f"Bearer {self.api_key}"
        url = f"{self.url.rstrip('/')}/{path}"
        request = urllib.request.Request(url, data=content, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=self.timeout_seconds) as response:
            received = response.read()
        try:
            answer = json.loads(received) if received else {}
        except ValueError as error:
            raise InputError(
                f"{self.url}/{path} answers with something else than JSON: {received[:80]!r}; expected "
                "JSON: check the url"
            ) from error
        return answer if isinstance(answer, dict) else {}


def _shown(error: urllib.error.HTTPError) -> str:
    """The beginning of the server's own words, on one line."""
    return " ".join(error.read().decode(errors="replace").split())[:_SHOWN_CHARACTERS]


def _retry_after(error: urllib.error.HTTPError) -> float | None:
    """Seconds that the server asks to wait for, where it says so."""
    value = error.headers.get("Retry-After", "")
    return float(value) if value.isdigit() else None


def read_key(variable: str | None) -> str | None:
    """The key in an environment variable; raises InputError where it is named but not set."""
    if variable is None:
        return None
    if not os.environ.get(variable):
        raise InputError(
            f"api_key_variable: the environment variable {variable} is not set; expected the server's key in it"
        )
    return os.environ[variable]
