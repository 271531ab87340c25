"""The report's section on diagnostics: verdicts at a glance, long tables folded, texts that are never markup."""

from pathlib import Path

from study_folders import StudyCase, write_study

from synergy.diagnostics.finding import (
    Finding,
    FindingColumn,
    FindingCurve,
    FindingExample,
    MarkedText,
    Verdict,
    write_finding,
)
from synergy.report.diagnostics import FOLDER, diagnostics
from synergy.report.view import StudyView
from synergy.studies.results import StudyResults

HOSTILE = "</pre><script>alert(1)</script>"


def finding(name: str, verdicts: dict[str, str], num_rows: int = 1) -> Finding:
    return Finding(
        kind="finding",
        diagnostic=name,
        about=("sft", "rl"),
        against=None,
        method="By hand.",
        verdicts=tuple(Verdict(subject=subject, name=word, because="…") for subject, word in verdicts.items()),
        columns=(FindingColumn(name="subject", title="model"),),
        rows=tuple({"subject": f"row {number}"} for number in range(num_rows)),
        examples=(FindingExample(title=HOSTILE, parts=(MarkedText(text=HOSTILE, value=0.5, label=HOSTILE),)),),
    )


def section(folder: Path, *findings: Finding, seeds: tuple[int, ...] = (0,)) -> str:
    study = write_study(folder, StudyCase(arms={"base": "base", "sft": "sft", "rl": "rl"}, seeds=seeds))
    for each in findings:
        write_finding(each, study / FOLDER)
    found = diagnostics(StudyView(StudyResults(study)))
    assert found is not None
    return str(found.body)


def test_an_arms_verdicts_stand_in_one_line_at_the_top(tmp_path: Path):
    reflections = finding("reflections", {"sft on pocket": "fruitless", "sft on held_out": "mending", "rl": "none"})
    surprise = finding("data_surprise", {"sft, rl and base": "the data's"})
    text = section(tmp_path, surprise, reflections)
    glance = text[: text.index("<h3>")]
    rows = [row.split("</th>")[1] for row in glance.split('<tr><th scope="row">')[1:]]
    assert [row[: row.index("</tr>")] for row in rows] == ["<td>fruitless, mending</td>", "<td>none</td>"]
    assert "the data" not in glance, "a verdict on three arms is none of any of them"
    assert text.index("What reflections change") < text.index("How surprising the training data was")


def test_long_tables_are_folded_and_texts_are_text(tmp_path: Path):
    text = section(tmp_path, finding("lengths", {}, num_rows=40))
    assert "Table of 40 rows" in text
    assert "at a glance" not in text
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_seeds_of_an_arm_share_its_look(tmp_path: Path):
    charted = finding("lengths", {"rl, seed 0": "longer", "rl, seed 1": "longer"}).model_copy(
        update={
            "rows": tuple({"subject": f"rl, seed {seed}", "set": "pocket", "gain": seed / 10} for seed in (0, 1)),
            "curves": (FindingCurve(x="set", y="gain"),),
        }
    )
    text = section(tmp_path, charted, seeds=(0, 1))
    legend = text[text.index("<li><svg") :]
    assert legend.count("<li><svg") == 1
    assert "rl, seed 1" in text
    assert "<td>longer</td>" in text[: text.index("<h3>")]
