"""Asking diagnostics about models, one after the other, and keeping what they find."""

from collections.abc import Callable, Sequence
from pathlib import Path

from synergy.diagnostics.diagnostic import Diagnostic, Inquiry, LackingError
from synergy.diagnostics.finding import Finding, write_finding
from synergy.diagnostics.registry import DIAGNOSTICS
from synergy.diagnostics.subject import Subject
from synergy.errors import unknown_name

CACHE = "cache"  #: below the findings' folder


def chosen(names: Sequence[str], *, runs_models: bool) -> list[Diagnostic]:
    """The named ones, else all that are answered from stored files, with `runs_models` those that run models too."""
    for name in names:
        if name not in DIAGNOSTICS:
            raise unknown_name("diagnostic", name, DIAGNOSTICS)
    if names:
        return [DIAGNOSTICS[name] for name in names]
    return [each for each in DIAGNOSTICS.values() if runs_models or not each.runs_model]


def diagnose(
    diagnostics: Sequence[Diagnostic],
    subjects: Sequence[Subject],
    against: Subject | None,
    folder: Path,
    *,
    seed: int = 0,
    on_progress: Callable[[str, int, int], None] = lambda words, num_done, num: None,
) -> list[Finding]:
    """Write a finding a diagnostic to `folder`; one whose needs no subject meets, or that lacks something, is left out.

    Raises LackingError where none can be asked, and what the diagnostics raise.
    """
    found: list[Finding] = []
    lacking: list[str] = []
    for each in diagnostics:
        compared = against if against is not None and each.compares_with(against) else None
        able = [subject for subject in subjects if each.takes(subject)]
        if not able or (each.needs_against and compared is None):
            continue
        inquiry = Inquiry(
            subjects=able,
            against=compared,
            cache=folder / CACHE / each.name,
            seed=seed,
            on_progress=lambda words, num_done, num, each=each: on_progress(f"{each.name}: {words}", num_done, num),
        )
        try:
            finding = each.answer(inquiry)
        except LackingError as error:
            lacking.append(f"{each.name}: {error}")
            continue
        write_finding(finding, folder)
        found.append(finding)
    if not found and lacking:
        raise LackingError(f"{folder}: nothing to diagnose; {'; '.join(lacking)}")
    if not found:
        wanted = ", ".join(f"{each.name} ({' and '.join(each.needs)})" for each in diagnostics)
        raise LackingError(f"{folder}: nothing to diagnose; expected models with what these need: {wanted}")
    return found
