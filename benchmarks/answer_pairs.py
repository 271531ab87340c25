"""Our verdicts on the answer pairs of seven projects' own tests, and why we disagree with some.

    python benchmarks/answer_pairs.py PAIRS.jsonl      # writes docs/answer_pairs.md

A line of the file has "source", "gold", "pred" and "expected". Both texts are searched for an answer, the golds of
multiple-choice questions are option letters, everything else is an expression.
"""

import json
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from synergy.grading import Attempt, extract_freely, grade_many
from synergy.records import AnswerKind, Problem, Verdict

DOCUMENT = Path(__file__).parents[1] / "docs" / "answer_pairs.md"
_OPTION = re.compile(r"\(?(?P<letter>[A-E])\)?(?: \w+)?")

#: Why we differ, by the end of the gold text and the end of the answer.
REASONS: Mapping[tuple[str, str], str] = {
    ("x \\in [-2,7]$", "\\\\le 7$"): "the source expects True and False for one and the same pair; we say True",
    ("W(n) = -1", "W(x)=-1"): "the gold text is broken LaTeX: doubled backslashes and a brace that is never closed",
    ("(1, 1)$$", "\\boxed{(1, 1)}$$"): "words stand between the boxes, so only the last one is the answer",
    ("$f(x)$", "$f(y)$"): "f of another variable is another formula",
    ("220", "12 mois."): "the last number of a French sentence is a duration; we know no French",
    ("{3.14159}$", "3.01$"): "3.01 is no rounding of 3.0239…",
    ("", ""): "an empty gold answer can't be graded, so nothing is right",
    ("E", "\\mathrm{E}*2"): "read as the option E: nothing else in the text is an option",
    ("3/12", "4"): "the source expects True and False for one and the same pair; we say False",
}
STRICT_REASONS: Mapping[str, str] = {
    "decimal comma": "1,22 is a list of two numbers, leniently the number 1.22",
    "rounding": "a rounded decimal is another number, leniently the same",
    "percent": "10 % is 0.1, leniently also 10",
    "equation": "an equation is not its right side unless it is one of constants we can compute",
}


@dataclass(frozen=True)
class Judged:
    """One pair with our verdict."""

    source: str
    gold: str
    predicted: str
    expected: bool
    verdict: Verdict


def problem(gold: str) -> Problem:
    """The question that the gold text answers."""
    option = _OPTION.fullmatch(gold)
    if option:
        choices = ("one", "two", "three", "four", "five")
        return Problem(id="p", question="?", answer=option["letter"], answer_kind=AnswerKind.OPTION, choices=choices)
    asked = Problem(id="p", question="?", answer=gold, answer_kind=AnswerKind.EXPRESSION)
    return replace(asked, answer=extract_freely(gold, asked).answer or gold)


def judge(rows: Sequence[Mapping[str, Any]]) -> list[Judged]:
    """Our verdicts on the file's lines."""
    attempts = [Attempt(problem=problem(str(row["gold"])), response=str(row["pred"])) for row in rows]
    return [
        Judged(row["source"], str(row["gold"]), str(row["pred"]), row["expected"], verdict)
        for row, verdict in zip(rows, grade_many(attempts, preset=None), strict=True)
    ]


def reason(judged: Judged) -> str | None:
    """Why our lenient verdict is not the expected one, None where we have no reason."""
    for (gold, predicted), text in REASONS.items():
        exact = not gold and not predicted
        if (
            (judged.gold, judged.predicted) == ("", "")
            if exact
            else (judged.gold.endswith(gold) and judged.predicted.endswith(predicted))
        ):
            return text
    return None


def strict_reason(judged: Judged) -> str:
    """Why our strict verdict is stricter than the expected one."""
    texts = judged.gold + judged.predicted
    if re.search(r"[0-9],[0-9]", texts) and "(" not in texts:
        return STRICT_REASONS["decimal comma"]
    if "%" in texts:
        return STRICT_REASONS["percent"]
    return STRICT_REASONS["equation" if "=" in judged.predicted else "rounding"]


def document(found: Sequence[Judged]) -> str:
    """The page: agreement per source, then every disagreement with its reason."""
    lenient = [item for item in found if item.verdict.correct_leniently != item.expected]
    strict = [item for item in found if item.verdict.correct != item.expected and item not in lenient]
    num, sources = len(found), Counter(item.source for item in found)
    lines = [
        "# Our verdicts on other projects' answer pairs",
        "",
        f"Written by `benchmarks/answer_pairs.py` from {num} pairs (gold, answer, expected to be equal) out of the",
        f"tests of seven projects. Lenient verdicts agree on {_share(num - len(lenient), num)}, strict ones on",
        f"{_share(num - len(lenient) - len(strict), num)}. Strict is the default.",
        "",
        "| source | pairs | lenient | strict |",
        "|---|---|---|---|",
    ]
    for source, count in sorted(sources.items()):
        num_lenient = count - sum(item.source == source for item in lenient)
        num_strict = num_lenient - sum(item.source == source for item in strict)
        lines.append(f"| {source} | {count} | {num_lenient} | {num_strict} |")
    lines += [
        "",
        "## Where the lenient verdict differs",
        "",
        *_table(lenient, [reason(item) or "?" for item in lenient]),
    ]
    lines += ["", "## Where only the strict verdict differs", "", *_table(strict, list(map(strict_reason, strict)))]
    return "\n".join(lines) + "\n"


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.1%})"


def _table(found: Sequence[Judged], reasons: Sequence[str]) -> list[str]:
    rows = [
        f"| {item.source} | `{_cell(item.gold)}` | `{_cell(item.predicted)}` | {item.expected} | {why} |"
        for item, why in zip(found, reasons, strict=True)
    ]
    return ["| source | gold | answer | expected | why we differ |", "|---|---|---|---|---|", *rows]


def _cell(text: str) -> str:
    """The end of a text, as one line of a table."""
    short = text if len(text) <= 60 else f"… {text[-60:]}"
    return " ".join(short.replace("|", "¦").replace("`", "'").split()) or " "


def main() -> None:
    """Judge the file and write the page."""
    rows = [json.loads(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines() if line.strip()]
    DOCUMENT.write_text(document(judge(rows)), encoding="utf-8")


if __name__ == "__main__":
    main()
