"""The options of verbs that may ask a judge."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from synergy.config.judge import JudgeConfig
    from synergy.grading.judge import Judge

_OPTIONS = (
    click.option("--judge-url", metavar="URL", help="An OpenAI-compatible server that judges what rules leave open."),
    click.option("--judge-model", metavar="NAME", help="The judge's name there; the protocol's judge if left out."),
    click.option("--judge-key", metavar="VARIABLE", help="The environment variable that holds the judge's key."),
    click.option(
        "--judge-concurrency", type=click.IntRange(1), default=16, show_default=True, help="Requests at once."
    ),
    click.option(
        "--judge-cache",
        type=click.Path(path_type=Path),
        help="Folder of the judge's replies; synergy/judge in your cache folder if left out.",
    ),
)


@dataclass(frozen=True, kw_only=True)
class JudgeOptions:
    """What the options say."""

    url: str | None
    model: str | None
    key: str | None
    concurrency: int
    cache: Path | None

    @classmethod
    def taken_from(cls, options: dict[str, Any]) -> "JudgeOptions":
        """Take these options out of a command's."""
        return cls(
            url=options.pop("judge_url"),
            model=options.pop("judge_model"),
            key=options.pop("judge_key"),
            concurrency=options.pop("judge_concurrency"),
            cache=options.pop("judge_cache"),
        )

    def open(self, config: "JudgeConfig | None") -> "Judge | None":
        """The judge, None where no server is given; `config` is the protocol's.

        Raises InputError where a server is given without a model's name, or the reverse.
        """
        from synergy.config.judge import JudgeConfig
        from synergy.config.load import build
        from synergy.config.sampling import EndpointConfig
        from synergy.errors import InputError
        from synergy.grading.judge import Judge
        from synergy.grading.judge_cache import JudgeCache, default_folder

        if self.url is None:
            if self.model is not None:
                raise InputError("--judge-model without --judge-url; expected both: give the judge's server")
            return None
        name = self.model or (config.model if config else None)
        if name is None:
            raise InputError("--judge-url without --judge-model; expected both: give the judge's name on that server")
        values = {"url": self.url, "model": name, "api_key_variable": self.key, "concurrency": self.concurrency}
        endpoint = build(EndpointConfig, values, label="--judge-url")
        return Judge(config or JudgeConfig(model=name), endpoint, JudgeCache(self.cache or default_folder()))


def judge_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the judge's options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
