"""Which named part each row of a table goes to: by a hash of what must stay together, if asked within strata.

What stays together (a *group*) is in one part by construction. Without strata a group's part depends on the group
alone, so that rows can be added; with strata parts have their shares within each stratum, and it depends on the others.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from synergy.data.filters.exact_duplicates import exact_key
from synergy.data.filters.row_filter import Candidate
from synergy.data.layouts.layout import Row
from synergy.data.parts import place
from synergy.data.row_table import RowTable
from synergy.errors import InputError

By = Literal["group", "content", "pictures", "source"]
_QUESTION = ("question", "choices")


@dataclass(frozen=True, kw_only=True)
class Splitting:
    """How a table is parted."""

    parts: Mapping[str, float]  #: shares by name, which add up to 1
    by: By = "group"  #: what stays together: rows of a group, of equal question and pictures, of a picture, of a source
    stratify: tuple[str, ...] = ()  #: columns whose combinations every part has its share of
    seed: int = 0  #: another one gives other parts; 0 those of `hashed_part`


@dataclass(frozen=True, kw_only=True)
class Parted:
    """Where the rows went."""

    names: tuple[str, ...]  #: the part of each row of the table
    strata: Mapping[str, Mapping[str, int]]  #: rows of each part by stratum


def part_rows(table: RowTable, splitting: Splitting) -> Parted:
    """The part of each row; raises InputError for a column that rows lack and a part without rows, and as the table."""
    groups: list[str] = []
    stratum_of: dict[str, str] = {}  # a group's is that of its first row
    strata: list[str] = []
    joined = _Joined()
    for row in table.rows():
        group = _group(row, table, splitting.by, joined)
        groups.append(group)
        strata.append(_stratum(row, splitting.stratify, table.label))
    groups = [joined.root(group) for group in groups]
    for group, stratum in zip(groups, strata, strict=True):
        stratum_of.setdefault(group, stratum)
    part_of = _parts(stratum_of, splitting)
    names = tuple(part_of[group] for group in groups)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for stratum, name in zip(strata, names, strict=True):
        counts[stratum][name] += 1
    empty = [name for name in splitting.parts if name not in names]
    if empty:
        raise InputError(
            f"{table.label}: no row of {len(names)} in {len(stratum_of)} groups is in part {empty[0]}; expected some: "
            "larger shares, or smaller groups"
        )
    return Parted(names=names, strata={stratum: dict(found) for stratum, found in sorted(counts.items())})


def check_parts(parts: Sequence[tuple[str, float]]) -> dict[str, float]:
    """Shares by name; raises InputError unless names differ and are plain, and shares are positive and add up to 1."""
    found = dict(parts)
    shown = ", ".join(f"{name}={share:g}" for name, share in parts)
    if len(found) != len(parts) or len(found) < 2:
        raise InputError(f"parts {shown or 'none'}; expected two or more of different names")
    wrong = next((name for name in found if not name.replace("_", "").replace("-", "").isalnum()), None)
    if wrong is not None:
        raise InputError(f"part '{wrong}': expected a name of letters, digits, - and _, as its file has it")
    if any(share <= 0 for share in found.values()) or abs(sum(found.values()) - 1) > 1e-9:
        raise InputError(f"parts {shown}; expected positive shares that add up to 1")
    return found


class _Joined:
    """Keys that belong together because a row has both: the pictures of one problem."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def root(self, key: str) -> str:
        """The key that stands for all that are joined with this one."""
        path = [key]
        while (above := self._parent.get(path[-1], path[-1])) != path[-1]:
            path.append(above)
        for each in path:
            self._parent[each] = path[-1]
        return path[-1]

    def join(self, one: str, other: str) -> None:
        """From now on they are one; the smaller key stands for both, whatever came first."""
        first, second = sorted((self.root(one), self.root(other)))
        self._parent[second] = first


def _group(row: Row, table: RowTable, by: By, joined: _Joined) -> str:
    own = str(row.get("group") or row["id"])
    if by == "group":
        return own
    if by == "source":
        return str(row.get("source") or table.label)
    candidate = Candidate(row, table.folder, table.trace_column)
    if by == "content":
        return exact_key(candidate, "both", _QUESTION) or own
    pixels = [found for found in candidate.pixel_hashes if found is not None]
    for other in pixels[1:]:
        joined.join(pixels[0], other)
    return pixels[0] if pixels else own


def _stratum(row: Row, columns: Sequence[str], label: str) -> str:
    for column in columns:
        if column not in row:
            raise InputError(f"{label}: missing column '{column}' to stratify by; it has: {', '.join(row)}")
    return " ".join(f"{column}={row[column]}" for column in columns)


def _parts(stratum_of: Mapping[str, str], splitting: Splitting) -> dict[str, str]:
    def stands(group: str) -> float:
        return place(group if splitting.seed == 0 else f"{splitting.seed}/{group}")

    if not splitting.stratify:
        return {group: _at(stands(group), splitting.parts) for group in stratum_of}
    members: dict[str, list[str]] = defaultdict(list)
    for group, stratum in stratum_of.items():
        members[stratum].append(group)
    found: dict[str, str] = {}
    for stratum, groups in members.items():
        # where a stratum begins is drawn too, else the last groups of small strata would all be in the last part
        offset = stands(f"stratum {stratum}")
        for rank, group in enumerate(sorted(groups, key=lambda each: (stands(each), each))):
            found[group] = _at((rank + offset) / len(groups), splitting.parts)
    return found


def _at(point: float, parts: Mapping[str, float]) -> str:
    """The part whose range of [0, 1) a point is in."""
    end = 0.0
    for name, share in parts.items():
        end += share
        if point < end:
            return name
    return name
