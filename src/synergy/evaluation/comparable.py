"""Whether scores may stand in one table: what they were made with must be the same, field by field."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from synergy.config.diff import ABSENT, diff
from synergy.config.resolve import canonical_json
from synergy.evaluation.score_file import JudgePart, ScoreFile


class Labelled(NamedTuple):
    """A score with the name of its file."""

    label: str
    score: ScoreFile


class Mismatch(NamedTuple):
    """One field that is not the same in all scores."""

    field: str  #: dotted, such as "protocol.response.temperature"
    left: str  #: "VALUE in FILE"
    right: str


def mismatches(scores: Sequence[Labelled]) -> list[Mismatch]:
    """The fields in which scores differ from the first one, or from the first one of their benchmark."""
    found: dict[str, Mismatch] = {}
    first_of: dict[str, Labelled] = {}
    for each in scores:
        pairs = [
            *_of_making(scores[0], each),
            *_of_benchmark(first_of.setdefault(each.score.benchmark.name, each), each),
        ]
        for mismatch in pairs:
            found.setdefault(mismatch.field, mismatch)
    return list(found.values())


def _of_making(left: Labelled, right: Labelled) -> Iterator[Mismatch]:
    """What belongs to the protocol, whatever was asked."""
    ours, theirs = left.score.protocol, right.score.protocol
    if ours is not None and theirs is not None:
        for each in diff(ours.comparable, theirs.comparable):
            yield _mismatch(f"protocol.{each.path}", left, each.left, right, each.right)
    elif ours is not theirs:
        names = [protocol.name if protocol else "not known" for protocol in (ours, theirs)]
        yield _mismatch("protocol", left, names[0], right, names[1])
    else:  # both are saved responses, graded as their files say
        yield from _unequal("", left, _grading(left.score), right, _grading(right.score))
    yield from _unequal("judge.", left, _judge(left.score.judge), right, _judge(right.score.judge))
    yield from _unequal("levels.", left, _levels(left.score), right, _levels(right.score))
    yield from _unequal("sampling.", left, _pixels(left.score), right, _pixels(right.score))


def _of_benchmark(left: Labelled, right: Labelled) -> Iterator[Mismatch]:
    """What was asked, and which metric of it is shown."""
    ours, theirs = left.score.benchmark, right.score.benchmark
    fields = ("num_problems", "problems_sha256", "main_metric")
    yield from _unequal(
        f"{ours.name}.",
        left,
        {name: getattr(ours, name) for name in fields},
        right,
        {name: getattr(theirs, name) for name in fields},
    )


def _grading(score: ScoreFile) -> dict[str, Any]:
    return {"extraction": score.extraction, "truncated_is_wrong": score.truncated_is_wrong}


def _judge(judge: JudgePart | None) -> dict[str, Any]:
    """Who judged and how, without what it cost."""
    if judge is None:
        return {"model": "none"}
    return {**judge.config.model_dump(), "served_as": judge.served_as, "prompt": judge.prompt_sha256}


def _levels(score: ScoreFile) -> dict[str, Any]:
    """Whose levels they are: accuracy by level is of other problems under others."""
    return {"sha256": score.levels.sha256 if score.levels else "none"}


def _pixels(score: ScoreFile) -> dict[str, Any]:
    """Whether limits on pixels were applied, where the protocol has any."""
    limits = score.protocol.images if score.protocol else None
    if score.sampling is None or limits is None or (limits.min_pixels is None and limits.max_pixels is None):
        return {}
    return {"applies_image_limits": score.sampling.applies_image_limits}


def _unequal(
    area: str, left: Labelled, ours: Mapping[str, Any], right: Labelled, theirs: Mapping[str, Any]
) -> Iterator[Mismatch]:
    shared = [name for name in ours if name in theirs] if "none" in (ours.get("model"), theirs.get("model")) else None
    for name in shared if shared is not None else dict.fromkeys((*ours, *theirs)):
        values = ours.get(name, ABSENT), theirs.get(name, ABSENT)
        if ABSENT in values or canonical_json(values[0]) != canonical_json(values[1]):
            yield _mismatch(f"{area}{name}", left, values[0], right, values[1])


def _mismatch(field: str, left: Labelled, ours: object, right: Labelled, theirs: object) -> Mismatch:
    return Mismatch(field, f"{_short(ours)} in {left.label}", f"{_short(theirs)} in {right.label}")


def _short(value: object) -> str:
    text = "absent" if value is ABSENT else str(value)
    return text if len(text) <= 24 else f"{text[:12]}…"
