"""What one evaluation asks: all that its responses depend on, so that another one never goes on in its folder."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from synergy.config.base import Config
from synergy.config.diff import ABSENT, diff
from synergy.config.load import load
from synergy.config.protocol import AskingConfig, ImageConfig, ResponseConfig
from synergy.config.resolve import config_hash, write_resolved
from synergy.errors import FileError, InputError
from synergy.evaluation.score_file import ModelPart
from synergy.evaluation.shards import write_whole

_REQUEST, _PROMPT = "request.json", "prompt.json"
Number = Annotated[int, Field(ge=0)]


class Asked(Config):
    """What responses depend on beside the problems."""

    kind: Literal["evaluation"]
    model: ModelPart
    asking: AskingConfig
    asked_as: Literal["tuned", "base"] | None
    response: ResponseConfig
    num_runs: Number
    images: ImageConfig
    seed: Number
    purpose: Literal["evaluate", "tag", "distil"] = "evaluate"
    """what responses are for: no two purposes share random numbers"""
    problems_per_shard: Annotated[int, Field(gt=0)]
    """problems that are sampled together, always the same ones: beside others rounding tips one in thousands"""


class Request(Config):
    """The same for one benchmark."""

    kind: Literal["evaluation_request"]
    asked: Asked
    benchmark: str
    num_problems: Number
    problems_sha256: str


def default_folder(asked: Asked) -> Path:
    """`runs/eval-NAME-HASH`: what is asked otherwise goes to another folder."""
    name = "".join(letter if letter.isalnum() or letter in "-._" else "-" for letter in asked.model.name)
    return Path("runs") / f"eval-{name}-{config_hash(asked)[:8]}"


def check(folder: Path, request: Request) -> None:
    """Raise InputError where the folder holds what was asked for otherwise, naming what differs."""
    path = folder / _REQUEST
    if not path.exists():
        return
    differences = diff(load(path, Request), request)
    if differences:
        shown = ", ".join(
            f"{each.path}: {_short(each.left)} there, {_short(each.right)} here" for each in differences[:3]
        )
        more = f" and {len(differences) - 3} more" if len(differences) > 3 else ""
        raise InputError(
            f"{folder} holds responses that were asked for otherwise ({shown}{more}); expected the same: "
            "give another --out or remove it"
        )


def create(folder: Path, request: Request) -> None:
    """Make the folder of a checked request; raises FileError where that fails."""
    if not (folder / _REQUEST).exists():
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(f"{folder}: cannot be made ({error.strerror}); give another --out") from None
        write_resolved(request, folder / _REQUEST)


def write_prompt(folder: Path, problem_id: str, prompt: Any) -> None:
    """Keep what was sent for the first problem; raises FileError."""
    write_whole(folder / _PROMPT, [json.dumps({"problem_id": problem_id, "prompt": prompt}), "\n"])


def read_prompt(folder: Path) -> tuple[str, Any]:
    """Id and prompt that `write_prompt` kept; raises InputError or FileError where they are not there."""
    path = folder / _PROMPT
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return stored["problem_id"], stored["prompt"]
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror}); remove {folder} and run again") from None
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{path}: not as it was written; remove {folder} and run the same command again") from None


def _short(value: object) -> str:
    text = "absent" if value is ABSENT else str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
