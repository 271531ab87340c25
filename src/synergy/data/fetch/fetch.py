"""A data set from the hub to a folder: files, their archives unpacked, and `fetched.json`, which says where from.

Run again after a break it goes on, with the commit that it began with.
"""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from synergy import __version__
from synergy.data.fetch.download import download
from synergy.data.fetch.listing import Hub, Listing, list_files
from synergy.data.fetch.published import Published
from synergy.data.fetch.unpack import is_archive, safe_path, unpack
from synergy.errors import FileError, InputError

FETCHED = "fetched.json"
MAIN = "main"
OnProgress = Callable[[str, int, int], None]  #: what is done, bytes done, bytes in all


def plan(hub: Hub, data: Published, revision: str | None, folder: Path, only: Sequence[str] = ()) -> Listing:
    """What is to be fetched: of the named revision, else of the commit that the folder holds already, else of main.

    `only` narrows it to files that match one of these patterns. Raises as `list_files`, and InputError where the folder
    holds something else.
    """
    before = _read(folder)
    if before is not None and before["repository"] != data.repository:
        raise InputError(f"{folder}: holds {before['repository']}, not {data.repository}; give another --out")
    listing = list_files(hub, data.repository, revision or (before or {}).get("commit") or MAIN, only or data.files)
    if before is not None and before["commit"] != listing.commit:
        raise InputError(
            f"{folder}: holds commit {before['commit']}, and {revision} is {listing.commit}; give another --out"
        )
    for file in listing.files:
        safe_path(folder, file.path)
    return listing


def fetch(hub: Hub, data: Published, listing: Listing, folder: Path, on_progress: OnProgress) -> dict[str, int]:
    """Download, check and unpack; the number of files by archive.

    Raises InputError and FileError; what was done by then stays.
    """
    _check_room(listing, folder)
    before = _read(folder) or {}
    record: dict[str, Any] = {
        "repository": listing.repository,
        "commit": listing.commit,
        "endpoint": hub.url,
        "licence": listing.licence,
        "synergy": __version__,
        "files": {**before.get("files", {})},
        "unpacked": {**before.get("unpacked", {})},
        "complete": False,
    }
    _write(folder, record)
    done = 0
    for file in listing.files:
        already = done

        def show(num_bytes: int, path: str = file.path, already: int = already) -> None:
            on_progress(path, already + num_bytes, listing.num_bytes)

        download(hub.file_url(listing, file), file, safe_path(folder, file.path), hub.token, show)
        done += file.num_bytes
        record["files"][file.path] = {name: value for name, value in asdict(file).items() if name != "path"}
        _write(folder, record)
    for file in listing.files:
        if is_archive(file.path) and file.path not in record["unpacked"]:
            on_progress(f"unpacking {file.path}", done, listing.num_bytes)
            record["unpacked"][file.path] = unpack(folder / file.path, folder)
            _write(folder, record)
    record["complete"] = True
    _write(folder, record)
    return record["unpacked"]


def _check_room(listing: Listing, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise FileError(f"{folder}: cannot be made ({error.strerror}); give another --out") from None
    there = sum(path.stat().st_size for file in listing.files if (path := safe_path(folder, file.path)).is_file())
    if listing.num_bytes - there > free:
        raise FileError(
            f"{folder}: {free:,} bytes are free; expected {listing.num_bytes - there:,} and as much again for what is "
            "unpacked: give another --out, or fewer files with --only"
        )


def _read(folder: Path) -> dict[str, Any] | None:
    path = folder / FETCHED
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise FileError(f"{path}: cannot be read ({error}); delete it, or give another --out") from None
    if not isinstance(found, dict) or not {"repository", "commit"} <= set(found):
        raise InputError(f"{path}: says nothing of a repository and commit; delete it, or give another --out")
    return found


def _write(folder: Path, record: dict[str, Any]) -> None:
    partial = folder / f".{FETCHED}.partial"
    try:
        partial.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        os.replace(partial, folder / FETCHED)
    except OSError as error:
        raise FileError(f"{folder / FETCHED}: cannot be written ({error.strerror}); make room and run again") from None
