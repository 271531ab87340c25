"""The sample browser: filters, a list of problems, and one problem with every arm's answers side by side."""

from markupsafe import Markup

from synergy.report.markup import Section, lines, paragraph
from synergy.report.samples import Samples, collect_samples
from synergy.report.view import StudyView

_CONTROLS = Markup(
    """<form class="filters" id="filters" autocomplete="off">
<label data-for="cell">cell <select name="cell"></select></label>
<label data-for="set">set <select name="set"></select></label>
<label data-for="family">family <select name="family"></select></label>
<label data-for="level">level <select name="level"></select></label>
<label data-for="arm">arm <select name="arm"></select></label>
<label data-for="verdict">verdict <select name="verdict"></select></label>
<label data-for="agreement">arms <select name="agreement"></select></label>
<label class="search">text <input type="search" name="text" placeholder="in questions and answers"></label>
<button type="reset">clear</button>
</form>
<p id="browser-status" role="status" aria-live="polite">Needs JavaScript.</p>
<div class="browser">
<div id="browser-list" role="listbox" tabindex="0" aria-label="problems"><div id="browser-rows"></div></div>
<article id="browser-detail" aria-label="the chosen problem"></article>
</div>"""
)
_KEY = (
    "In the list a mark an arm, in the table's order: ● all its attempts are right, ◐ some, ○ none, ? unscored, "
    "· not evaluated. An arm is right where all its attempts are, wrong where none is; arms disagree where one is "
    "right and another wrong. Up and down keys move through the list."
)


def browser(view: StudyView) -> Section:
    """The section with its data."""
    samples = collect_samples(view)
    return Section(
        id="samples", title="Samples", body=lines([_note(samples), paragraph(_KEY, "small"), _CONTROLS, _data(samples)])
    )


def _note(samples: Samples) -> Markup:
    parts = [f"{samples.num_shown:,} problems with {samples.num_responses:,} responses."]
    css = ""
    if samples.num_shown < samples.num_problems:
        css = "warning"
        parts.append(
            f"The study has {samples.num_problems:,} problems; these are drawn from them at random, as the page would "
            "exceed 60 MB. Tables and charts are of all; all texts are in samples.parquet of the evaluate steps."
        )
    if samples.pictures.num_unreadable:
        parts.append(f"{samples.pictures.num_unreadable:,} picture files were missing or could not be read.")
    return paragraph(" ".join(parts), css)


def _data(samples: Samples) -> Markup:
    """Data blocks: browsers neither run nor show them; base64 holds nothing that could end one."""
    block = Markup('<script type="text/plain" id="{}">{}</script>')
    blocks = [block.format("samples-index", samples.index)]
    blocks += [block.format(f"samples-{number}", chunk) for number, chunk in enumerate(samples.chunks)]
    blocks += [block.format(f"picture-{number}", uri) for number, uri in enumerate(samples.pictures.uris)]
    return lines(blocks)
