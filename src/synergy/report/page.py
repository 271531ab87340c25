"""A study's folder becomes one HTML page: skeleton, styles, script and the sections in order."""

import base64
from collections.abc import Callable
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from markupsafe import Markup

from synergy.errors import InputError
from synergy.report.accuracy_table import accuracy_table
from synergy.report.axes import axes
from synergy.report.browser import browser
from synergy.report.claims import claims
from synergy.report.compute import compute
from synergy.report.curves import curves
from synergy.report.diagnostics import diagnostics
from synergy.report.differences import differences
from synergy.report.gains import gains
from synergy.report.head import head
from synergy.report.ledger import ledger
from synergy.report.lengths import lengths
from synergy.report.markup import Section, lines
from synergy.report.merging import merging
from synergy.report.published import published
from synergy.report.synergy_table import synergy_table
from synergy.report.tuning import tuning
from synergy.report.view import StudyView
from synergy.report.whole_file import write_whole
from synergy.report.words import words
from synergy.studies.results import StudyResults

REPORT = "report.html"
SECTIONS: tuple[Callable[[StudyView], Section | None], ...] = (
    *(accuracy_table, gains, synergy_table, claims, axes, lengths, words, merging, compute),
    *(published, curves, diagnostics, ledger, tuning, differences, browser),
)
_SCRIPTS = ("page.js", "filters.js", "browser.js")
_PAGE = Markup(
    """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<header>
<button type="button" id="theme" aria-label="switch between light and dark">◐</button>
<h1>{title}</h1>
{head}
</header>
<nav aria-label="sections"><ul>{contents}</ul></nav>
<main>
{sections}
</main>
<div id="tip" role="tooltip" hidden></div>
<script>{script}</script>
</body>
</html>
"""
)


def write_report(folder: Path, out: Path | None = None) -> Path:
    """Write the page of a study's folder, whole or not at all, to `out` or STUDY/report.html; returns where.

    Raises FileError or InputError where the folder holds no study, or one in which nothing was evaluated yet.
    """
    path = out or folder / REPORT
    write_whole(path, report_page(folder).encode("utf-8", "replace"))
    return path


def report_page(folder: Path) -> str:
    """The page; the same folder makes the same text."""
    view = StudyView(StudyResults(folder))
    if not view.arms:
        raise InputError(f"{folder}: no arm is evaluated yet; expected at least one: run `synergy study` on it again")
    found = [section for section in (make(view) for make in SECTIONS) if section is not None]
    script = "\n".join(_asset(name) for name in _SCRIPTS)
    digest = base64.b64encode(sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return _PAGE.format(
        policy=policy,
        title=view.study.title,
        style=Markup(_asset("page.css")),
        head=head(view),
        contents=Markup("").join(
            [Markup('<li><a href="#{}">{}</a></li>').format(each.id, each.title) for each in found]
        ),
        sections=lines([_section(each) for each in found]),
        script=Markup(script),
    )


def _section(section: Section) -> Markup:
    return Markup('<section id="{}" aria-labelledby="{}-title">\n<h2 id="{}-title">{}</h2>\n{}\n</section>').format(
        section.id, section.id, section.id, section.title, section.body
    )


def _asset(name: str) -> str:
    return (files("synergy.report") / "assets" / name).read_text(encoding="utf-8")
