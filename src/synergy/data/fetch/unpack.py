"""Unpacking an archive that is not trusted: no member outside the folder, no links, no more bytes than announced."""

import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from synergy.errors import FileError, InputError

SUFFIXES = (".zip", ".tar.gz", ".tgz", ".tar")
_BLOCK_BYTES = 1 << 20
_MAX_RATIO = 20  #: pictures hardly shrink; an archive that grows more than so is no archive of pictures
_MAX_SMALL_BYTES = 64 << 20  #: allowed whatever the ratio
_MAX_MEMBERS = 5_000_000

Member = tuple[str, int, IO[bytes]]  #: name, bytes, contents


def is_archive(path: str) -> bool:
    """Whether a file's name is that of an archive that can be unpacked."""
    return path.endswith(SUFFIXES)


def safe_path(folder: Path, name: str) -> Path:
    """Where a member goes; raises InputError for a name that leads out of the folder."""
    pure = PurePosixPath(name.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or not pure.parts or ":" in pure.parts[0] or "\0" in name:
        raise InputError(f"the name {name!r} leads out of the folder; expected a path below it")
    path = folder.joinpath(*pure.parts)
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        raise InputError(f"the name {name!r} leads out of the folder through a link; expected a path below it")
    return path


def unpack(archive: Path, folder: Path) -> int:
    """The number of files that are there now, those of an earlier try left as they are.

    Raises InputError for a member that is not allowed and FileError for what cannot be read or written; the members
    before it stay.
    """
    most = max(_MAX_RATIO * archive.stat().st_size, _MAX_SMALL_BYTES)
    num_files = num_bytes = 0
    try:
        with _members(archive) as members:
            for name, size, contents in members:
                num_files += 1
                num_bytes += size
                if num_bytes > most or num_files > _MAX_MEMBERS:
                    raise InputError(
                        f"it grows beyond {most:,} bytes or {_MAX_MEMBERS:,} files; expected at most {_MAX_RATIO} "
                        "times its own size: unpack it by hand if you trust it"
                    )
                target = safe_path(folder, name)
                if not target.is_file() or target.stat().st_size != size:
                    _write(contents, target, size, name)
    except InputError as error:
        raise InputError(f"{archive}: {error}") from None
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise FileError(f"{archive}: cannot be unpacked ({error}); delete it and run the command again") from None
    except OSError as error:
        raise FileError(f"{archive}: cannot be unpacked ({error.strerror or error}); make room and run again") from None
    return num_files


def _write(contents: IO[bytes], target: Path, size: int, name: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    written = 0
    try:
        with partial.open("wb") as out:
            while block := contents.read(_BLOCK_BYTES):
                written += len(block)
                if written > size:
                    break
                out.write(block)
        if written != size:
            raise InputError(f"{name!r} holds other than the {size:,} bytes it announces; expected a sound archive")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _members(archive: Path) -> Iterator[Iterator[Member]]:
    if archive.name.endswith(".zip"):
        with zipfile.ZipFile(archive) as opened:
            yield _zip_members(opened)
    else:
        with tarfile.open(archive, "r|*") as opened_tar:  # a stream, read once
            yield _tar_members(opened_tar)


def _zip_members(opened: zipfile.ZipFile) -> Iterator[Member]:
    for info in opened.infolist():
        if info.is_dir():
            continue
        if stat.S_ISLNK(info.external_attr >> 16):
            raise InputError(f"{info.filename!r} is a link; expected files")
        with opened.open(info) as contents:
            yield info.filename, info.file_size, contents


def _tar_members(opened: tarfile.TarFile) -> Iterator[Member]:
    for info in opened:
        if info.isdir():
            continue
        contents = opened.extractfile(info) if info.isreg() else None
        if contents is None:
            raise InputError(f"{info.name!r} is no plain file; expected files alone")
        yield info.name, info.size, contents
