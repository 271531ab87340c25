"""Asking diagnostics about models, one after the other, and keeping what they find."""

from collections.abc import Callable, Sequence
from pathlib import Path

from synergy.diagnostics.diagnostic import Diagnostic, Inquiry
from synergy.diagnostics.finding import Finding, write_finding
from synergy.diagnostics.registry import DIAGNOSTICS
from synergy.diagnostics.subject import Subject
from synergy.errors import InputError, unknown_name

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
    """Write a finding a diagnostic to `folder`; one that no subject has anything for is left out.

    Raises InputError where none can be asked, and what the diagnostics raise.
    """
    found: list[Finding] = []
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
        finding = each.answer(inquiry)
        if finding is not None:
            write_finding(finding, folder)
            found.append(finding)
    if not found:
        wanted = ", ".join(f"{each.name} ({' and '.join(each.needs)})" for each in diagnostics)
        raise InputError(f"{folder}: nothing to diagnose; expected models with what these need: {wanted}")
    return found
