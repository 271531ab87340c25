"""Which words of reflection a model uses, how often, and where they stand.

2504.11468 filters by eight keywords as substrings (appendix A.2: "against" has "again") and counts four expressions
(figure 7). Both ways to match are shown, as they can disagree by much.
"""

from synergy.diagnostics.diagnostic import Inquiry
from synergy.diagnostics.finding import Cell, Finding, FindingColumn, FindingCurve
from synergy.diagnostics.paths.table import RESPONSES, Features, Measure, by_problem, everyone, measured
from synergy.diagnostics.paths.thinking import thinking
from synergy.diagnostics.samples import Sample, read_samples
from synergy.statistics.cues import AHA_KEYWORDS, cue_places, cues_as_words, cues_within
from synergy.statistics.words import REFLECTION_EXPRESSIONS

CUES = tuple(dict.fromkeys((*AHA_KEYWORDS, *REFLECTION_EXPRESSIONS)))
ANY = "any keyword"


def cues(inquiry: Inquiry) -> Finding:
    """A row a subject, evaluation set and cue that anybody uses."""
    rows: list[dict[str, Cell]] = []
    for subject in everyone(inquiry):
        for on, folder in subject.responses.items():
            found = measured(by_problem(read_samples(folder), features), _MEASURES, inquiry.seed)
            for cue in (ANY, *CUES):
                of_cue = {name.partition("/")[2]: value for name, value in found.items() if name.startswith(f"{cue}/")}
                rows.append({"subject": subject.name, "set": on, "cue": cue} | of_cue)
    used = {ANY, *(row["cue"] for row in rows if row.get("substring"))}
    return Finding(
        kind="finding",
        diagnostic="cues",
        about=tuple(subject.name for subject in inquiry.subjects),
        against=inquiry.against.name if inquiry.against else None,
        method=(
            "Responses whose reasoning has the word as a substring, as the study matches, and as a whole word; how "
            "often the whole word occurs; its mean place, 0 % being the first character of the reasoning. Any: of the "
            "eight keywords. Words that no model has are left out. 95 % intervals by resampling problems."
        ),
        settings={"seed": inquiry.seed},
        columns=(
            FindingColumn(name="subject", title="model"),
            FindingColumn(name="set", title="problems of"),
            FindingColumn(name="cue", title="cue"),
            *(
                FindingColumn.model_validate(
                    {"name": name, "title": title, "unit": unit, "low": f"{name}_low", "high": f"{name}_high"}
                )
                for name, title, unit in _COLUMNS
            ),
        ),
        rows=tuple(row for row in rows if row["cue"] in used),
        curves=(FindingCurve(x="cue", y="word"),),
    )


def features(sample: Sample) -> Features:
    """Of one response, under CUE/…: substring and word (0 or 1), count, and the sum of relative places."""
    start, end = thinking(sample.text)
    text = sample.text[start:end]
    substrings, words = cues_within(text), cues_as_words(text)
    found: dict[str, float] = {f"{ANY}/substring": float(bool(substrings)), f"{ANY}/word": float(bool(words))}
    lowered = text.lower()
    for cue in CUES:
        at = cue_places(text, cue)
        found[f"{cue}/substring"] = float(cue in lowered)
        found[f"{cue}/word"] = float(bool(at))
        found[f"{cue}/count"] = float(len(at))
        found[f"{cue}/places"] = sum(at) / max(1, len(text))
    found[f"{ANY}/count"] = sum(found[f"{cue}/count"] for cue in AHA_KEYWORDS)
    found[f"{ANY}/places"] = sum(found[f"{cue}/places"] for cue in AHA_KEYWORDS)
    return found


_COLUMNS = (
    ("substring", "as a substring", "%"),
    ("word", "as a whole word", "%"),
    ("each", "times a response", ""),
    ("place", "mean place", "%"),
)
_MEASURES = [
    measure
    for cue in (ANY, *CUES)
    for measure in (
        Measure(name=f"{cue}/substring", title="", of=f"{cue}/substring", over=RESPONSES),
        Measure(name=f"{cue}/word", title="", of=f"{cue}/word", over=RESPONSES),
        Measure(name=f"{cue}/each", title="", of=f"{cue}/count", over=RESPONSES),
        Measure(name=f"{cue}/place", title="", of=f"{cue}/places", over=f"{cue}/count"),
    )
]
