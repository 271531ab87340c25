"""Open the data set that a config names."""

from synergy.config.data import DataConfig, FileDataConfig, HubDataConfig, PocketDataConfig
from synergy.data.corruption import CorruptedExamples
from synergy.data.examples import Examples
from synergy.data.files import open_file
from synergy.data.hesitation import WithoutHesitation
from synergy.data.hub import open_hub
from synergy.data.pocket import PocketExamples
from synergy.errors import InputError


def open_data(config: DataConfig) -> Examples:
    """A checked data set with at least one problem, its pictures as the config says.

    Raises InputError, FileError or MissingExtraError, each one line: what is missing, unknown, doubled or empty.
    """
    if config.families == () or config.levels == ():
        empty = "families" if config.families == () else "levels"
        raise InputError(f"data.{empty} is empty, which leaves zero problems; expected some, or null for all")
    examples = _opened(config)
    return examples if config.images == "shown" else CorruptedExamples(examples, config.images)


def _opened(config: DataConfig) -> Examples:
    match config:
        case PocketDataConfig():
            examples: Examples = PocketExamples(config)
        case FileDataConfig():
            examples = open_file(config)
        case HubDataConfig():
            examples = open_hub(config)
    return WithoutHesitation(examples) if config.hesitation == "remove" else examples
