"""How the learning rates were chosen: every try of every arm, all on validation problems."""

from markupsafe import Markup

from synergy.config.tuning import TunedStage, TuningConfig
from synergy.report.charts import Axis, ChartKind, Mark, draw
from synergy.report.data_table import DataTable, Value, html_table
from synergy.report.figure import Panel, figure
from synergy.report.markup import Section, lines, number, paragraph, percent
from synergy.report.view import StudyView
from synergy.studies.tuned_settings import settings_hash

_COLUMNS = ("stage", "arm", "learning_rate", "chosen", "accuracy", "truncated", "num_tokens")


def tuning(view: StudyView) -> Section | None:
    """The section; None where the study's rates were not chosen by `synergy tune`."""
    found = view.study.tuning
    if found is None:
        return None
    num_tries = {len(stage.tries) for stage in found.stages.values()}
    tried = f"Every trained stage tried {num_tries.pop()} learning rates"
    how = (
        f"each on {found.num_problems:,} validation problems with {found.num_runs} attempts each and seed {found.seed}"
    )
    intro = paragraph(
        f"{tried}, {how}, which no arm is reported with. The rate of the highest accuracy was chosen. "
        f"By synergy {found.packages.get('vlm-synergy', '?')}, {found.file}."
    )
    parts = [intro]
    if found.settings != settings_hash(view.study):
        parts.append(
            paragraph(
                "The rates were chosen under other settings than this study's: at another scale, or before a change of "
                "its stages. They are its settings all the same, but no longer the best of those tried.",
                "warning",
            )
        )
    parts += [_table(found), _figure(view, found)]
    return Section(id="tuning", title="Tuning", body=lines(parts))


def _table(found: TuningConfig) -> Markup:
    rows: list[list[Markup | str]] = []
    for name, stage in found.stages.items():
        for index, each in enumerate(stage.tries):
            rate: Markup | str = f"{each.learning_rate:g}"
            if each.learning_rate == stage.chosen:
                rate = Markup("<strong>{} ← chosen</strong>").format(rate)
            label = f"{name}, measured on {stage.arm}" if index == 0 else ""
            rows.append([label, rate, percent(each.accuracy), percent(each.truncated), number(each.num_tokens, 0)])
    heads = ["stage", "learning rate", "accuracy, %", "truncated, %", "tokens of a response"]
    return html_table("Learning rates that were tried", heads, rows)


def _figure(view: StudyView, found: TuningConfig) -> Markup:
    arms = [stage.arm for stage in found.stages.values() if stage.arm in view.arms]
    marks = [mark for stage in found.stages.values() if stage.arm in arms for mark in _marks(stage)]
    rows: list[list[Value]] = [
        [
            *(name, stage.arm, each.learning_rate, str(each.learning_rate == stage.chosen).lower()),
            *(100 * each.accuracy, 100 * each.truncated, each.num_tokens),
        ]
        for name, stage in found.stages.items()
        for each in stage.tries
    ]
    data = DataTable(name="tuning", columns=_COLUMNS, rows=rows)
    if not marks:
        return data.folded()
    chart = draw(
        marks,
        name="tuning",
        title="Validation accuracy by learning rate",
        x=Axis(title="learning rate", scale="log", ticks=tuple(sorted({float(mark.x) for mark in marks})), format="~g"),
        y=Axis(title="accuracy, %"),
        styles={arm: view.style(arm) for arm in arms},
        kind=ChartKind(joined=True),
    )
    return figure(
        view,
        panels=[Panel(title="", chart=chart)],
        caption="Validation accuracy by learning rate, arms by the stage that they tune.",
        arms=arms,
        data=data,
    )


def _marks(stage: TunedStage) -> list[Mark]:
    return [
        Mark(
            x=each.learning_rate,
            y=100 * each.accuracy,
            arm=stage.arm,
            label=f"{stage.arm} at {each.learning_rate:g}: accuracy {percent(each.accuracy)} %",
        )
        for each in stage.tries
    ]
