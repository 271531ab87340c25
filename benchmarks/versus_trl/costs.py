"""Memory of the update on both sides, and how time and memory grow with the group and with the picture."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from typing import Any

from versus_trl.one_side import Cost, OneSide, in_own_process
from versus_trl.setting import Setting
from versus_trl.tuning import OUR_LIMITS

_AS_FAST = 1.1  #: times the fastest's seconds
_MAX_ROWS = 8  #: of theirs at once while a group grows: more were no faster


def measure_memory(setting: Setting, *, rows_per_forward: Sequence[int]) -> dict[str, Any]:
    """Both sides at each micro-batch size; of those about as fast as the fastest, the smallest counts."""
    ours = {
        limit: in_own_process(OneSide(side="ours", setting=setting, max_tokens_per_micro_batch=limit))
        for limit in OUR_LIMITS
    }
    theirs = {
        rows: in_own_process(OneSide(side="theirs", setting=setting, rows_per_forward=rows))
        for rows in rows_per_forward
    }
    our_bytes, their_bytes = (_bytes_at_full_speed(side.values()) for side in (ours, theirs))
    return {
        "setting": asdict(setting),
        "ours_bytes": our_bytes,
        "theirs_bytes": their_bytes,
        "ratio": our_bytes / their_bytes,
        "ours_by_tokens_per_micro_batch": {limit: asdict(cost) for limit, cost in ours.items()},
        "theirs_by_rows_per_forward": {rows: asdict(cost) for rows, cost in theirs.items()},
    }


def _bytes_at_full_speed(costs: Collection[Cost]) -> int:
    fastest = min(cost.seconds for cost in costs)
    return min(cost.added_bytes for cost in costs if cost.seconds <= _AS_FAST * fastest)


def measure_growth(setting: Setting, *, group_sizes: Sequence[int], image_tokens: Sequence[int]) -> dict[str, Any]:
    """Cost of one problem's update for each size, the other size as in the setting; each side by itself."""
    one = replace(setting, num_problems=1)
    return {
        "setting": asdict(one),
        "group_size": [_point(replace(one, group_size=size), size) for size in group_sizes],
        "image_tokens": [_point(replace(one, image_tokens=size), size) for size in image_tokens],
    }


def _point(setting: Setting, size: int) -> dict[str, Any]:
    rows = min(setting.group_size, _MAX_ROWS)
    ours = in_own_process(OneSide(side="ours", setting=setting))
    theirs = in_own_process(OneSide(side="theirs", setting=setting, rows_per_forward=rows))
    return {"size": size, "ours": asdict(ours), "theirs": asdict(theirs)}
