"""What a hub says of a data set: its commit, licence and files with their checksums. One request, no download."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import quote

from synergy.errors import InputError
from synergy.http_json import JsonClient, NoAnswerError

NOT_STATED = "not stated"
_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class HubFile:
    """One file."""

    path: str
    num_bytes: int
    sha256: str | None  #: of large files; None where the hub has only `git_sha1`
    git_sha1: str | None  #: of the file as a git object


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A data set at one commit."""

    repository: str
    commit: str
    licence: str
    files: tuple[HubFile, ...]

    @property
    def num_bytes(self) -> int:
        """Of all files."""
        return sum(file.num_bytes for file in self.files)


@dataclass(frozen=True, kw_only=True)
class Hub:
    """Where the hub is and who asks."""

    url: str
    token: str | None = None

    def file_url(self, listing: Listing, file: HubFile) -> str:
        """Where a file's contents are."""
        return f"{self.url}/datasets/{listing.repository}/resolve/{listing.commit}/{quote(file.path)}"


def list_files(hub: Hub, repository: str, revision: str, patterns: Sequence[str]) -> Listing:
    """The wanted files of a data set, a branch or tag resolved to its commit.

    Raises InputError where the hub cannot be reached, does not know the repository or revision, or lists no such file.
    """
    client = JsonClient(url=hub.url, timeout_seconds=_TIMEOUT_SECONDS, max_retries=3, api_key=hub.token)
    path = f"api/datasets/{repository}/revision/{quote(revision, safe='')}?blobs=true"
    try:
        answer = client.get(path)
    except NoAnswerError as error:
        raise InputError(
            f"{hub.url} does not answer ({error}); expected the hub: check the network, or set HF_ENDPOINT"
        ) from None
    except InputError as error:
        raise InputError(
            f"{repository} at revision {revision}: {error}; a gated data set needs its terms accepted and HF_TOKEN set"
        ) from None
    commit, siblings = answer.get("sha"), answer.get("siblings")
    if not isinstance(commit, str) or not isinstance(siblings, list):
        raise InputError(f"{hub.url}/{path}: no commit and files in the answer; expected a Hugging Face hub")
    try:
        listed = [_file(each) for each in siblings]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{hub.url}/{path}: a file without name or size ({error}); expected a hub's list") from None
    files = tuple(each for each in listed if any(fnmatchcase(each.path, pattern) for pattern in patterns))
    if not files:
        names = ", ".join(each.path for each in listed[:20])
        raise InputError(f"{repository} at {commit}: no file matches {', '.join(patterns)}; it has: {names}")
    return Listing(repository=repository, commit=commit, licence=_licence(answer), files=files)


def _file(said: dict[str, Any]) -> HubFile:
    large = said.get("lfs") or {}
    return HubFile(
        path=said["rfilename"],
        num_bytes=int(large.get("size") or said.get("size") or 0),
        sha256=large.get("sha256") or large.get("oid"),
        git_sha1=None if large else said.get("blobId"),
    )


def _licence(answer: dict[str, Any]) -> str:
    card = answer.get("cardData")
    licence = card.get("license") if isinstance(card, dict) else None
    return ", ".join(map(str, licence)) if isinstance(licence, list) else str(licence or NOT_STATED)
