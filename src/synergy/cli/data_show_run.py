"""Samples of a pipeline's run on the terminal."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from synergy.data.pipeline.replies import ReplyStore
from synergy.data.pipeline.run import REPLIES
from synergy.data.pipeline.sample import Fate
from synergy.data.pipeline.samples import Finished, read_samples
from synergy.errors import FileError, InputError, nearest


@dataclass(frozen=True, kw_only=True)
class ShowOptions:
    """All options of `data show`."""

    run: Path
    key: str | None
    dropped: str | None
    failed: bool
    num: int
    prompts: bool


def show_samples(options: ShowOptions) -> None:
    """Print the chosen samples; raises InputError where there is none, FileError where RUN holds no pipeline."""
    where, values = _condition(options)
    found = list(islice(read_samples(options.run, where, values), options.num))
    if not found:
        raise _nothing_found(options)
    replies = _replies(options) if options.prompts else None
    console = Console()
    for sample in found:
        _print(console, sample, replies)


def _condition(options: ShowOptions) -> tuple[str, tuple[str, ...]]:
    chosen = [name for name in ("key", "dropped", "failed") if getattr(options, name)]
    if len(chosen) > 1:
        raise InputError("--id, --dropped and --failed exclude each other; expected one of them")
    if options.key:
        return "key = ?", (options.key,)
    if options.dropped:
        return "fate = ? AND reason = ?", (Fate.DROPPED.value, options.dropped)
    return ("fate = ?", (Fate.FAILED.value,)) if options.failed else ("", ())


def _nothing_found(options: ShowOptions) -> InputError:
    if options.dropped:
        reasons = Counter(sample.reason for sample in read_samples(options.run, "fate = ?", (Fate.DROPPED.value,)))
        listed = ", ".join(f"{reason} ({num})" for reason, num in reasons.most_common()) or "none"
        return InputError(
            f"--dropped {options.dropped}: no such sample{nearest(options.dropped, reasons)}; reasons: {listed}"
        )
    if options.key:
        keys = [sample.key for sample in read_samples(options.run)]
        example = nearest(options.key, keys) or (f", such as {keys[0]}" if keys else "")
        return InputError(f"--id {options.key}: no such sample; expected SOURCE/ID of a finished one{example}")
    return InputError(f"{options.run}: no such sample; expected some: run the pipeline first")


def _replies(options: ShowOptions) -> ReplyStore:
    path = options.run / REPLIES
    if not path.is_file():
        raise FileError(
            f"{path}: not there, as the pipeline keeps its replies elsewhere; expected it: leave out --prompts"
        )
    return ReplyStore(path)


def _print(console: Console, sample: Finished, replies: ReplyStore | None) -> None:
    console.rule(Text(f"{sample.key}: {sample.outcome}"))
    for record in sample.steps:
        reason = f", {record['reason']}" if record["reason"] else ""
        console.print(Text(f"{record['step']}: {record['fate']}{reason}", style="bold"))
        for key in record["replies"]:
            _print_reply(console, key, replies)
        for name, value in record["details"].items():
            console.print(Text(f"  {name}: {value}", style="dim"))
        for name, text in record["changed"].items():
            console.print(Text(f"  {name}:", style="dim"))
            console.print(Text(text))


def _print_reply(console: Console, key: str, replies: ReplyStore | None) -> None:
    reply = None if replies is None else replies.get(key)
    if replies is None or reply is None:
        return
    tokens = f"{reply.prompt_tokens} + {reply.completion_tokens} tokens, {reply.seconds:.1f} s"
    console.print(Text(f"  asked {reply.model} ({reply.endpoint}): {tokens}, {reply.finish_reason}", style="dim"))
    for message in replies.asked(key)["messages"]:
        console.print(Text(f"  {message['role']}: {_content(message)}"))
    console.print(Text(f"  reply: {reply.text}"))


def _content(message: Mapping[str, Any]) -> str:
    content = message["content"]
    if isinstance(content, str):
        return content
    return "\n".join(str(part.get("text") or part.get("image_url", {}).get("url")) for part in content)
