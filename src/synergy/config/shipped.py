"""Documents that come with the package and are called by name; others may extend them by that name."""

from collections.abc import Sequence
from pathlib import Path

from synergy.config.load import load
from synergy.config.protocol import ProtocolConfig
from synergy.config.shipped_files import PROTOCOLS
from synergy.errors import FileError, nearest


def load_protocol(name_or_path: str, overrides: Sequence[str] = ()) -> ProtocolConfig:
    """A shipped protocol by name, or one's own by its file; raises as `load` does."""
    if name_or_path in PROTOCOLS:
        return load(PROTOCOLS[name_or_path], ProtocolConfig, overrides)
    path = Path(name_or_path)
    if not path.exists():
        raise FileError(
            f"no protocol '{name_or_path}'{nearest(name_or_path, PROTOCOLS)}; expected one of {', '.join(PROTOCOLS)}, "
            "or a YAML file of kind protocol"
        )
    return load(path, ProtocolConfig, overrides)
