"""What the arms differ in: their settings beside those of the study."""

import json

from markupsafe import Markup

from synergy.report.data_table import DataTable, Value
from synergy.report.markup import Section, lines, paragraph
from synergy.report.view import StudyView


def differences(view: StudyView) -> Section | None:
    """The section; None where the plan names no difference."""
    rows: list[list[Value]] = [
        [arm, path, json.dumps(value, ensure_ascii=False)]
        for arm, values in view.results.plan.differences.items()
        for path, value in values.items()
    ]
    if not rows:
        return None
    intro = paragraph(
        "All else is equal: model, problems, prompt, evaluation and its token limit. Arms may differ in "
        f"{', '.join(view.study.varies)}."
    )
    body = [_arm(view, arm, values) for arm, values in _grouped(rows).items()]
    template = Markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="settings"><table class="settings"><caption>'
        'Settings of each arm</caption><thead><tr><th scope="col">arm</th><th scope="col">setting</th>'
        '<th scope="col">value</th></tr></thead>\n{}</table></div>'
    )
    data = DataTable(name="differences", columns=("arm", "path", "value"), rows=rows)
    return Section(
        id="differences", title="Settings of the arms", body=lines([intro, template.format(lines(body)), data.folded()])
    )


def _grouped(rows: list[list[Value]]) -> dict[str, list[list[Value]]]:
    groups: dict[str, list[list[Value]]] = {}
    for arm, path, value in rows:
        groups.setdefault(str(arm), []).append([path, value])
    return groups


def _arm(view: StudyView, arm: str, values: list[list[Value]]) -> Markup:
    note = view.study.arms[arm].note if arm in view.study.arms else ""
    heading = Markup('<th scope="rowgroup" rowspan="{}">{}{}</th>').format(
        len(values), arm, Markup('<br><span class="small">{}</span>').format(note) if note else ""
    )
    lines_of = [
        Markup("<tr>{}<td><code>{}</code></td><td><code>{}</code></td></tr>").format(
            heading if index == 0 else "", path, value
        )
        for index, (path, value) in enumerate(values)
    ]
    return Markup("<tbody>{}</tbody>").format(lines(lines_of))
