"""The head of the page: what the numbers are evidence of, and under which conditions they came about."""

import json
from typing import Any

from markupsafe import Markup

from synergy import __version__
from synergy.report.data_table import html_table
from synergy.report.markup import lines, paragraph, percent
from synergy.report.view import Column, StudyView, whole
from synergy.statistics.bootstrap import MIN_SEEDS

_PACKAGES = ("torch", "transformers", "numpy", "vllm", "math-verify")


def head(view: StudyView) -> Markup:
    """Evidence, seeds, date, versions, sampling, and how many responses were cut off."""
    study = view.study
    parts = [Markup('<p class="evidence"><strong>What this is evidence of.</strong> {}</p>').format(study.evidence)]
    if study.source:
        parts.append(paragraph(f"Its question is that of {study.source}."))
    facts = [Markup("<dt>{}</dt><dd>{}</dd>").format(name, value) for name, value in _facts(view)]
    parts.append(Markup('<dl class="facts">{}</dl>').format(Markup("").join(facts)))
    if view.num_seeds < MIN_SEEDS:
        seeds = "one seed" if view.num_seeds == 1 else f"{view.num_seeds} seeds"
        parts.append(
            Markup(
                '<p class="warning"><strong>Below three seeds the verdicts speak of this run</strong>: with {} nothing '
                "is known of how much another training would differ. Intervals are over problems alone.</p>"
            ).format(seeds)
        )
    parts.append(_truncation(view))
    return lines(parts)


def _facts(view: StudyView) -> list[tuple[str, str]]:
    study = view.study
    scores = [score for score in _scores(view) if score]
    facts = [("Arms", str(len(view.arms))), ("Seeds", ", ".join(map(str, study.seeds)))]
    for axis, values in study.axes.items():
        facts.append((f"Axis {axis}", ", ".join(value.label for value in values)))
    sets = {each.name: each for cell in view.cells for each in cell.sets.values()}
    facts.append(("Problems", "; ".join(f"{each.title}: {len(each.problems):,}" for each in sets.values())))
    protocol = study.evaluation.protocol
    response = protocol.response
    facts.append(
        (
            "Evaluation",
            f"protocol {protocol.name}, {protocol.num_runs} "
            f"{'attempt' if protocol.num_runs == 1 else 'attempts'} at each problem, temperature "
            f"{response.temperature:g}, at most {response.max_tokens:,} tokens for every arm",
        )
    )
    dates = sorted(score["date"] for score in scores if "date" in score)
    if dates:
        facts.append(("Date", dates[-1][:16].replace("T", " ")))
    packages: dict[str, str] = next((score["packages"] for score in scores if score.get("packages")), {})
    versions = [f"{name} {packages[name]}" for name in _PACKAGES if name in packages]
    facts.append(("Versions", ", ".join([f"synergy {packages.get('vlm-synergy', __version__)}", *versions])))
    return facts


def _scores(view: StudyView) -> list[dict[str, Any]]:
    sets = [each for cell in view.cells for each in cell.sets.values()]
    files = [run.folder / "score.json" for each in sets for runs in each.runs.values() for run in runs]
    return [json.loads(file.read_text(encoding="utf-8")) for file in files if file.exists()]


def _truncation(view: StudyView) -> Markup:
    """Truncated responses of each arm on each set, over all cells."""
    titles = {each.name: each.title for cell in view.cells for each in cell.sets.values()}
    rows: list[list[Markup | str]] = []
    for name, title in titles.items():
        row: list[Markup | str] = [title]
        for arm in view.arms:
            found = [cell.sets[name] for cell in view.cells if name in cell.sets and arm in cell.sets[name].runs]
            column = Column(title=title, parts=tuple(whole(each) for each in found))
            row.append(percent(column.mean(arm, "truncated")) if found else "–")
        rows.append(row)
    caption = "Truncated responses, %: cut off at the token limit or with thinking that never ends"
    if view.study.evaluation.protocol.truncated_is_wrong:
        caption += "; they count as wrong"
    return html_table(caption, ["set", *view.arms], rows)
