"""From a checkpoint's name to a folder: a folder, a repository on the hub, or the shipped pocket model."""

from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OfflineModeIsEnabled

from synergy.errors import FileError, InputError
from synergy.models.checkpoint_checks import check_files, check_folder, one_line
from synergy.pocket.shipped import WEIGHTS

POCKET = "pocket"  #: the name of the shipped model as a checkpoint
_WANTED = ("*.safetensors", "*.safetensors.index.json", "*.json", "*.jinja", "*.txt", "*.model", "*.py")
_ADAPTER = "adapter_config.json"


def locate(checkpoint: str) -> Path:
    """The folder, downloaded where it is on the hub; `name@revision` is one revision of a repository.

    Raises FileError for a folder without what a checkpoint has, InputError for an adapter or a hub name that is none.
    """
    folder = WEIGHTS if checkpoint == POCKET and not Path(POCKET).is_dir() else Path(checkpoint)
    if not folder.exists() and _is_hub_name(checkpoint):
        folder = _downloaded(checkpoint)
    if (folder / _ADAPTER).is_file():
        raise InputError(
            f"checkpoint '{checkpoint}' is an adapter ({_ADAPTER}); expected whole weights: merge it into its base "
            "first with PEFT's merge_and_unload, and save that; 'synergy train' has done so in its model/ folder"
        )
    check_folder(folder)
    if not folder.is_dir():
        raise FileError(
            f"checkpoint '{checkpoint}' does not exist; expected a folder, or a hub name such as owner/name"
        )
    check_files(folder)
    return folder


def _is_hub_name(checkpoint: str) -> bool:
    name = checkpoint.partition("@")[0]
    return name.count("/") == 1 and not name.startswith((".", "/", "~")) and not name.endswith("/")


def _downloaded(checkpoint: str) -> Path:
    name, _, revision = checkpoint.partition("@")
    try:
        return Path(snapshot_download(name, revision=revision or None, allow_patterns=list(_WANTED)))
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, OfflineModeIsEnabled, OSError) as error:
        raise InputError(
            f"checkpoint '{checkpoint}' is no folder and cannot be had from the hub: {one_line(error)}; "
            "expected a folder, or owner/name of a repository that you can read"
        ) from error
