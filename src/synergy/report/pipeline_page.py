"""A pipeline's samples on one page: pictures, and what each step made of them; no network, no script."""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from markupsafe import Markup

from synergy.data.pipeline.funnel import Funnel
from synergy.data.pipeline.run import Opened
from synergy.data.pipeline.samples import Finished
from synergy.errors import FileError
from synergy.grading.image_url import png_bytes
from synergy.report.data_table import html_table
from synergy.report.markup import lines, paragraph
from synergy.report.pictures import data_uri
from synergy.report.whole_file import write_whole

PAGE = "samples.html"
_SAMPLES_PER_OUTCOME = 3  #: of each source
_MAX_SAMPLES = 120
_MAX_CHARACTERS = 6_000  #: a longer text is cut, and says so
_PAGE = Markup(
    """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; \
base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{style}
pre {{ white-space: pre-wrap; background: var(--raised); padding: .6rem .8rem; border-radius: 6px; font-size: .85rem; }}
</style>
</head>
<body>
<header><h1>{title}</h1></header>
<main>
{body}
</main>
</body>
</html>
"""
)


def write_page(opened: Opened, funnel: Funnel) -> Path:
    """Write FOLDER/samples.html, whole or not at all: some samples of each source and outcome; raises FileError."""
    path = opened.folder / PAGE
    chosen = list(_chosen(opened.samples.all()))
    shown = [_sample(sample, _problem(opened, sample)) for sample in chosen]
    title = opened.config.title or f"Pipeline {opened.folder.name}"
    note = Markup("<p>{} of {:,} samples: the first {} of each source and outcome.</p>").format(
        len(chosen), sum(source.num_in for source in funnel.sources.values()), _SAMPLES_PER_OUTCOME
    )
    body = lines([_funnel(funnel), Markup("<h2>Samples</h2>"), note, *shown])
    style = (files("synergy.report") / "assets" / "page.css").read_text(encoding="utf-8")
    write_whole(path, _PAGE.format(title=title, style=Markup(style), body=body).encode("utf-8", "replace"))
    return path


def _chosen(samples: Iterator[Finished]) -> Iterator[Finished]:
    seen: dict[tuple[str, str], int] = {}
    num = 0
    for sample in samples:
        outcome = sample.source, sample.outcome
        seen[outcome] = seen.get(outcome, 0) + 1
        if seen[outcome] <= _SAMPLES_PER_OUTCOME and num < _MAX_SAMPLES:
            num += 1
            yield sample


def _problem(opened: Opened, sample: Finished) -> Markup:
    """Pictures, question, gold answer."""
    try:
        problem = opened.sources.sample(sample.position).problem
    except FileError as error:
        return paragraph(f"cannot be read: {error}")
    uris = [uri for image in problem.images if (uri := data_uri(png_bytes(image)))]
    images = [Markup('<img src="{}" alt="" class="tiny">').format(uri) for uri in uris]
    shown = Markup('<div class="pictures">{}</div>').format(Markup("").join(images))
    return lines([shown, paragraph(problem.question), paragraph(f"Gold answer: {problem.answer}", "small")])


def _funnel(funnel: Funnel) -> Markup:
    steps = list(next(iter(funnel.sources.values())).steps)
    rows: list[list[Markup | str]] = []
    for name, source in funnel.sources.items():
        through = [f"{source.steps[step].num_out:,}" for step in steps]
        pools = [f"{source.pools[pool]:,}" for pool in ("rl", "sft")]
        rows.append([name, f"{source.num_in:,}", *through, *pools])
    reasons = [
        [name, step, reason, f"{num:,}"]
        for name, source in funnel.sources.items()
        for step, counts in source.steps.items()
        for reason, num in counts.dropped.most_common()
    ]
    return lines(
        [
            Markup("<h2>Funnel</h2>"),
            html_table("Samples that each step lets through", ["source", "in", *steps, "RL", "SFT"], rows),
            html_table("Dropped, and why", ["source", "step", "reason", "samples"], reasons),
        ]
    )


def _sample(sample: Finished, problem: Markup) -> Markup:
    steps = [_step(record) for record in sample.steps]
    return Markup('<details class="cell"><summary>{} – {}</summary>\n{}\n{}\n</details>').format(
        sample.key, sample.outcome, problem, lines(steps)
    )


def _step(record: Mapping[str, Any]) -> Markup:
    told = [f"{name} {_plain(value)}" for name, value in record["details"].items()]
    heading = f"{record['step']}: {record['fate']}" + (f", {record['reason']}" if record["reason"] else "")
    texts = [
        Markup('<p class="small">{}</p><pre>{}</pre>').format(name, _cut(text))
        for name, text in record["changed"].items()
    ]
    return Markup('<h4>{}</h4><p class="small">{}</p>{}').format(heading, "; ".join(told), Markup("").join(texts))


def _plain(value: object) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]} … ({len(text):,} characters)"
