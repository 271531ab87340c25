"""What the options of `synergy eval` and `synergy data tag` say: which protocol, which benchmarks, which files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from synergy.cli.eval_sets import TABLES
from synergy.cli.judge_options import JudgeOptions
from synergy.config.data import ImagesAs
from synergy.config.protocol import ProtocolConfig
from synergy.config.shipped import load_protocol
from synergy.config.shipped_files import PROTOCOLS
from synergy.errors import InputError
from synergy.evaluation.benchmark_sets import check_names
from synergy.evaluation.opening import LOCAL_SHARD

POCKET = "pocket"
_SERVED_SHARD = 128


@dataclass(frozen=True, kw_only=True)
class AskOptions:
    """What `eval` and `tag` share, as it was given."""

    model: str
    on: str | None
    data: tuple[str, ...]
    layout: str | None
    protocol: str | None
    overrides: tuple[str, ...]
    model_overrides: tuple[str, ...]
    is_tuned: bool | None
    name: str | None
    endpoint: str | None
    endpoint_model: str | None
    endpoint_key: str | None
    endpoint_concurrency: int
    backend: str
    limit: int | None
    families: str | None
    seed: int
    problems_per_shard: int | None
    retry_failed: bool
    threads: int | None

    @property
    def shard(self) -> int:
        """Problems per shard: many fill a sampler here; on a server a kill is to lose less, as answers cost more."""
        return self.problems_per_shard or (_SERVED_SHARD if self.endpoint else LOCAL_SHARD)


@dataclass(frozen=True, kw_only=True)
class EvalOptions(AskOptions):
    """All options of `eval`."""

    by: tuple[str, ...]
    levels_path: Path | None
    images: ImagesAs
    pictures: bool
    out: Path | None
    judge: JudgeOptions
    as_json: bool


def protocol_of(options: AskOptions) -> ProtocolConfig:
    """The protocol with its overrides; raises InputError where none is named, and as `load_protocol`."""
    name = options.protocol or (POCKET if options.model == POCKET else None)
    if name is None:
        raise InputError(
            f"no --protocol, on which scores depend; expected one of {', '.join(PROTOCOLS)}, or a YAML file of kind "
            "protocol"
        )
    return load_protocol(name, options.overrides)


def benchmarks_of(options: AskOptions, protocol: ProtocolConfig) -> list[str]:
    """The benchmarks to evaluate on; raises InputError for unknown ones and for none."""
    names = split_names(options.on) if options.on else [entry.benchmark for entry in protocol.suite]
    if not names:
        raise InputError(f"no --on, and protocol {protocol.name} has no suite; expected the names of benchmarks")
    check_names([name for name in names if name not in TABLES])
    return names


def paths_of(data: Sequence[str], names: Sequence[str]) -> dict[str, Path]:
    """The file of each benchmark; a path without a name is that of the only one."""
    found: dict[str, Path] = {}
    for text in data:
        name, equals, path = text.partition("=")
        if not equals or name not in names:
            if len(names) > 1 or (equals and not Path(text).exists()):
                raise InputError(
                    f"--data {text}: which benchmark is it of? expected NAME=PATH with one of: {', '.join(names)}"
                )
            name, path = names[0], text
        if name in found:
            raise InputError(f"--data {text}: a second file of {name}; expected one")
        found[name] = Path(path)
    return found


def split_names(names: str) -> list[str]:
    """The names in a list that commas divide."""
    return [name.strip() for name in names.split(",") if name.strip()]
