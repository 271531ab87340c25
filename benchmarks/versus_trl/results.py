"""Results on disk, one JSON file a row, and the table that they make. Imports no torch."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from versus_trl.rows import ROWS

HEADER = ("work", "TRL 1.16", "Synergy", "ratio (range)", "to reach", "")
NOT_RUN = "*not run*"
#: between these lines of the README stands the table
BEGIN, END = "<!-- results: written by run.py -->", "<!-- end of results -->"


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """The rows that were measured."""
    files = {name: folder / f"{name}.json" for name in ROWS}
    return {name: json.loads(file.read_text(encoding="utf-8")) for name, file in files.items() if file.exists()}


def write(folder: Path, name: str, found: Mapping[str, Any]) -> None:
    """One row."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def table(found: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """The lines below `HEADER`, of all rows that compare both sides."""
    return [_line(name, found.get(name)) for name in ROWS if name not in _BELOW]


def _line(name: str, measured: Mapping[str, Any] | None) -> tuple[str, ...]:
    row = ROWS[name]
    if measured is None:
        return (row.title, NOT_RUN, NOT_RUN, NOT_RUN, row.target, "")
    result = measured["result"]
    verdict = "" if not row.target else "reached" if row.is_reached(result["ratio"]) else "missed"
    if measured["options"]["is_quick"]:
        verdict = "too small to tell"
    if not result.get("agreement", {"holds": True})["holds"]:
        verdict = "the sides disagree"
    if "ours_bytes" in result:
        sizes = (_megabytes(result["theirs_bytes"]), _megabytes(result["ours_bytes"]))
        return (row.title, *sizes, f"{result['ratio']:.2f}×", row.target, verdict)
    low, high = result["ratio_range"]
    ratio = f"{result['ratio']:.1f}× ({low:.1f}–{high:.1f})"
    sides = (_seconds(result, "theirs"), _seconds(result, "ours"))
    return (row.title, *sides, ratio, row.target, verdict)


def _seconds(result: Mapping[str, Any], side: str) -> str:
    seconds = f"{result[f'{side}_seconds']:.2f} s"
    rate = result.get(f"{side}_tokens_per_second")
    return seconds if rate is None else f"{seconds}, {rate:,.0f} tokens/s"


def _megabytes(number: float) -> str:
    return f"{number / 1e6:,.0f} MB"


def remarks(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What stands below the table: the check of both losses, where the lead comes from, the floor, the machine."""
    lines = []
    for name in ("grpo_update", "grpo_update_frozen", "sft"):
        agreement = found.get(name, {}).get("result", {}).get("agreement")
        if agreement:
            lines.append(
                f"Same loss, {ROWS[name].title}: values differ by {agreement['loss_difference']:.1e}, gradients of "
                f"{agreement['num_parameters']} tensors by {agreement['gradient_difference']:.1e} (relative)."
            )
    for name in ("grpo_update", "grpo_update_frozen"):
        result = found.get(name, {}).get("result", {})
        lent = result.get("theirs_seconds_with_our_linear_layers")
        if lent:
            lines.append(
                f"{ROWS[name].title}, TRL's model with our linear layers (oneDNN instead of MKL), which TRL does not "
                f"have: {lent:.2f} s, {lent / result['ours_seconds']:.1f} times ours."
            )
    if "floor" in found:
        result = found["floor"]["result"]
        lines.append(
            f"Floor: our update has {result['ours_multiply_adds'] / 1e9:,.0f} G multiply-adds (TRL's "
            f"{result['theirs_multiply_adds'] / 1e9:,.0f} G); at the machine's "
            f"{result['multiply_adds_per_second'] / 1e9:,.0f} G/s that is {result['floor_seconds']:.2f} s, and it "
            f"takes {result['times_the_floor']:.1f} times as long."
        )
    if found:
        newest = max((each["machine"] for each in found.values()), key=lambda machine: machine["started"])
        packages = ", ".join(f"{name} {newest['packages'][name]}" for name in ("torch", "transformers", "trl"))
        hardware = ", ".join(newest["gpus"]) or newest["cpu"] or newest["platform"]
        lines.append(f"{newest['started'][:10]}, {hardware}, {newest['cpu_threads']} threads; {packages}.")
    return lines


def markdown(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Table and remarks."""
    lines = [HEADER, ("---",) * len(HEADER), *table(found)]
    return "\n".join([*("| " + " | ".join(line) + " |" for line in lines), "", *(f"- {r}" for r in remarks(found))])


def into_readme(readme: Path, found: Mapping[str, Mapping[str, Any]]) -> None:
    """Put the table where the README has its place."""
    text = readme.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    readme.write_text(f"{before}{BEGIN}\n{markdown(found)}\n{END}{after}", encoding="utf-8")


_BELOW = ("floor", "growth")  #: rows that are no comparison of two numbers
