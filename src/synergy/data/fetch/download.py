"""One file over HTTP: goes on where it was broken off, and is given its name when its checksum is right.

Own code, as huggingface_hub 2.4 starts a broken file anew and compares sizes, not contents.
"""

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from synergy.data.fetch.listing import HubFile
from synergy.errors import FileError, InputError
from synergy.file_hash import file_sha256

_BLOCK_BYTES = 1 << 20
_TIMEOUT_SECONDS = 60.0
_TRIES = 5  #: in a row without a byte more
_FINAL = frozenset({400, 401, 403, 404, 410})

OnBytes = Callable[[int], None]  #: how many bytes of the file are there


class _KeyStaysHome(urllib.request.HTTPRedirectHandler):
    """The hub sends to other hosts for contents; the token is not for them."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request is not None and urlsplit(newurl).netloc != urlsplit(req.full_url).netloc:
            request.remove_header("Authorization")
        return request


_OPENER = urllib.request.build_opener(_KeyStaysHome)


def download(
    url: str, file: HubFile, target: Path, token: str | None, on_bytes: OnBytes, *, wait_seconds: float = 1.0
) -> None:
    """Fetch a file to `target`; nothing is done where it is there and right.

    Raises InputError where the server refuses, FileError where it keeps breaking off, the disk is full or the contents
    are not what the hub's checksum says.
    """
    if target.is_file() and target.stat().st_size == file.num_bytes and wrong_checksum(target, file) is None:
        on_bytes(file.num_bytes)
        return
    partial = target.with_name(f".{target.name}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _fetch(url, file, partial, token, on_bytes, wait_seconds)
        wrong = wrong_checksum(partial, file)
        if wrong is not None:
            partial.unlink()
            raise FileError(f"{url}: {wrong}; what was downloaded is deleted: run the command again")
        partial.replace(target)
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{target}: cannot be written ({error.strerror or error}); make room and run again") from None


def wrong_checksum(path: Path, file: HubFile) -> str | None:
    """What is wrong with a file's contents, None where they are what the hub says."""
    if file.sha256 is not None:
        got, expected, kind = file_sha256(path), file.sha256, "sha256"
    elif file.git_sha1 is not None:
        got, expected, kind = _git_sha1(path), file.git_sha1, "git object"
    else:
        return None
    return None if got == expected else f"its {kind} is {got}; expected {expected}"


def _fetch(url: str, file: HubFile, partial: Path, token: str | None, on_bytes: OnBytes, wait_seconds: float) -> None:
    tries = 0
    while (have := partial.stat().st_size if partial.exists() else 0) != file.num_bytes or not partial.exists():
        if have > file.num_bytes:
            partial.unlink()
            continue
        reason = _go_on(url, partial, have, token, on_bytes)
        now = partial.stat().st_size if partial.exists() else 0
        tries = 0 if now > have else tries + 1
        if now == file.num_bytes:
            break
        if tries == _TRIES:
            raise FileError(
                f"{url}: broken off at {now:,} of {file.num_bytes:,} bytes, tried {_TRIES} times ({reason}); what is "
                "there is kept: run the command again"
            )
        time.sleep(wait_seconds * tries)


def _go_on(url: str, partial: Path, have: int, token: str | None, on_bytes: OnBytes) -> str:
    """Read from byte `have` on until the end or a break; returns why it ended."""
    headers = {"Accept-Encoding": "identity"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    if have:
        headers["Range"] = f"bytes={have}-"
    request = urllib.request.Request(url, headers=headers)
    try:
        with _OPENER.open(request, timeout=_TIMEOUT_SECONDS) as response:
            goes_on = response.status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
            with _opened(partial, "ab" if goes_on else "wb") as out:  # a server without ranges sends all of it again
                while block := response.read(_BLOCK_BYTES):
                    _write(out, block, partial)
                    on_bytes(out.tell())
        return "the server ended it"
    except FileError:
        raise
    except urllib.error.HTTPError as error:
        if error.code in _FINAL:
            raise InputError(f"{url}: HTTP {error.code}; expected a file: check the revision, and HF_TOKEN") from None
        if error.code == 416:
            partial.unlink(missing_ok=True)
        return f"HTTP {error.code}"
    except (OSError, http.client.HTTPException) as error:  # of the network: those of the disk are told above
        return f"{type(error).__name__}: {error}"


def _opened(path: Path, mode: str) -> IO[bytes]:
    try:
        return path.open(mode)
    except OSError as error:
        raise FileError(f"{path}: cannot be written ({error.strerror}); give another --out") from None


def _write(out: IO[bytes], block: bytes, path: Path) -> None:
    try:
        out.write(block)
    except OSError as error:
        raise FileError(f"{path}: cannot be written ({error.strerror}); make room and run again") from None


def _git_sha1(path: Path) -> str:
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
