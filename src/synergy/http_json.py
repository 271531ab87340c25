"""Posting JSON to a server, again where it was busy or out of reach; standard library alone."""

import http.client
import json
import math
import os
import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from synergy.errors import InputError

_BUSY = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
#: of the request itself, such as a prompt beyond the server's limit; others in 400 … 499 are of the set-up
_UNFIT = frozenset({400, 413, 422})
_SHOWN_CHARACTERS = 300


class NoAnswerError(Exception):
    """The server has no answer to this request; others may fare better."""


class UnfitRequestError(NoAnswerError):
    """The server is up and finds this very request unfit: asking again would not help."""


class _GarbledError(Exception):
    """The server answered with something else than it was asked for."""


@dataclass(frozen=True, kw_only=True)
class JsonClient:
    """One server."""

    url: str
    timeout_seconds: float
    max_retries: int = 0
    retry_seconds: float = 1.0  #: before asking again, twice as long each time, where the server does not say
    api_key: str | None = None
    jitter: float = 0.0  #: up to this share is added to each wait at random, so that clients do not return as one
    max_wait_seconds: float = math.inf  #: the longest wait, whatever the server says
    accepts: Callable[[Mapping[str, Any]], bool] | None = None
    """whether an answer is one at all; given this, what is none and what is no JSON is asked for again, where otherwise
    the latter is an error of the set-up"""
    wait: Callable[[float], None] = time.sleep  #: what waits; it may raise to give up
    on_retry: Callable[[str], None] | None = None  #: told the reason of each try that failed and is followed by another

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The server's answer to `body` (None for an empty one) at `path` below the url.

        Raises UnfitRequestError where the server finds the request unfit, NoAnswerError when all tries are used up,
        InputError where the set-up is wrong (no such path or model, a refused key, no JSON).
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
                    raise UnfitRequestError(reason) from error
                if error.code not in _BUSY:
                    raise InputError(
                        f"{self.url}/{path} refuses requests with {reason}; expected a server of that interface: "
                        "check url, model and key"
                    ) from error
                told = _retry_after(error)
            except _GarbledError as error:
                reason, told = str(error), None
                if self.accepts is None:
                    raise InputError(
                        f"{self.url}/{path} answers with {reason}; expected JSON: check the url"
                    ) from error
            except (OSError, http.client.HTTPException) as error:  # time-outs, broken and refused connections
                reason, told = f"{type(error).__name__}: {error}", None
            if attempt == self.max_retries:
                raise NoAnswerError(f"{self.url}/{path}, tried {attempt + 1} times: {reason}")
            if self.on_retry is not None:
                self.on_retry(reason)
            wait = self.retry_seconds * 2**attempt if told is None else told
            self.wait(min(wait, self.max_wait_seconds) * (1 + self.jitter * random.random()))
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
        except (ValueError, RecursionError) as error:
            raise _GarbledError(f"something else than JSON: {received[:80]!r}") from error
        found: dict[str, Any] = answer if isinstance(answer, dict) else {}
        if self.accepts is not None and not self.accepts(found):
            raise _GarbledError(f"something else than was asked for: {received[:80]!r}")
        return found


def _shown(error: urllib.error.HTTPError) -> str:
    """The beginning of the server's own words, on one line."""
    return " ".join(error.read().decode(errors="replace").split())[:_SHOWN_CHARACTERS]


def _retry_after(error: urllib.error.HTTPError) -> float | None:
    """Seconds that the server asks to wait for, given as such or as a date; None where it says nothing usable."""
    value = error.headers.get("Retry-After", "").strip()
    try:
        return max(0.0, float(value)) if value.replace(".", "", 1).isdigit() else _until(value)
    except ValueError:
        return None


def _until(date: str) -> float:
    """Seconds from now to an HTTP date; raises ValueError for anything else."""
    moment = parsedate_to_datetime(date)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds()) if moment.tzinfo else 0.0


def read_key(variable: str | None) -> str | None:
    """The key in an environment variable; raises InputError where it is named but not set."""
    if variable is None:
        return None
    if not os.environ.get(variable):
        raise InputError(
            f"api_key_variable: the environment variable {variable} is not set; expected the server's key in it"
        )
    return os.environ[variable]
