"""The verdicts on each response, side by side: ours strict and lenient, the benchmark authors', the judge's."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from synergy.benchmarks.benchmark import OfficialRule
from synergy.evaluation.responses import Response
from synergy.grading import Attempt, grade_many
from synergy.grading.judge import Judge, Judged
from synergy.prompts import PromptPreset
from synergy.records import Problem, StopReason, Verdict, VerdictStatus

STRICT, LENIENT, OFFICIAL, JUDGED = "strict", "lenient", "official", "judged"
TRUNCATED = Verdict(status=VerdictStatus.WRONG, score=0.0, extracted=None, rule="response/truncated")
FAILED = Verdict(status=VerdictStatus.UNSCORED, score=None, extracted=None, rule="response/failed")
_CHUNK = 1000  # responses graded between two reports of progress

#: told of a stage ("grading", "judging"), how much of it is done, and of how much
OnStage = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class GradedResponse:
    """A response with a verdict by each rule."""

    problem: Problem
    response: Response
    verdicts: Mapping[str, Verdict]  #: by rule, STRICT and LENIENT always


@dataclass(frozen=True, kw_only=True)
class GradingRules:
    """How responses are graded."""

    extraction: PromptPreset | None  #: where alone an answer counts; None for every dress
    truncated_is_wrong: bool
    official: OfficialRule | None
    judge: Judge | None


def grade_responses(
    pairs: Sequence[tuple[Problem, Response]], rules: GradingRules, on_stage: OnStage
) -> list[GradedResponse]:
    """All verdicts on all responses, in order; raises InputError where the judge's server refuses the set-up."""
    found: list[dict[str, Verdict]] = []
    for start in range(0, len(pairs), _CHUNK):
        found += _by_rules(pairs[start : start + _CHUNK], rules)
        on_stage("grading", len(found), len(pairs))
    if rules.judge is not None:
        for verdicts, judged in zip(found, _by_judge(pairs, found, rules, rules.judge, on_stage), strict=True):
            verdicts[JUDGED] = judged
    return [
        GradedResponse(problem=problem, response=response, verdicts=verdicts)
        for (problem, response), verdicts in zip(pairs, found, strict=True)
    ]


def _by_rules(pairs: Sequence[tuple[Problem, Response]], rules: GradingRules) -> list[dict[str, Verdict]]:
    settled = [_without_reading(response, rules) for _, response in pairs]
    attempts = [
        Attempt(problem=problem, response=response.text, stop_reason=response.stop_reason or StopReason.STOP)
        for (problem, response), verdict in zip(pairs, settled, strict=True)
        if verdict is None
    ]
    graded = iter(grade_many(attempts, preset=rules.extraction))
    found: list[dict[str, Verdict]] = []
    for (problem, response), verdict in zip(pairs, settled, strict=True):
        strict = next(graded) if verdict is None else verdict
        verdicts = {STRICT: strict, LENIENT: _lenient(strict)}
        if rules.official is not None:
            verdicts[OFFICIAL] = rules.official(problem, response.text) if verdict is None else verdict
        found.append(verdicts)
    return found


def _by_judge(
    pairs: Sequence[tuple[Problem, Response]],
    found: Sequence[Mapping[str, Verdict]],
    rules: GradingRules,
    judge: Judge,
    on_stage: OnStage,
) -> list[Verdict]:
    settled = [_without_reading(response, rules) for _, response in pairs]
    asked = [
        Judged(
            problem=problem,
            response=response.text,
            stop_reason=response.stop_reason or StopReason.STOP,
            by_rule=verdicts[STRICT],
        )
        for (problem, response), verdicts, verdict in zip(pairs, found, settled, strict=True)
        if verdict is None
    ]
    judged = iter(judge.verdicts(asked, lambda done, num: on_stage("judging", done, num)))
    return [next(judged) if verdict is None else verdict for verdict in settled]


def _without_reading(response: Response, rules: GradingRules) -> Verdict | None:
    """The verdict by every rule where the answer plays no part; None where it does."""
    if response.failed:
        return FAILED
    return TRUNCATED if rules.truncated_is_wrong and response.truncated else None


def _lenient(strict: Verdict) -> Verdict:
    """The same, but right where the field is divided and a lenient reader says so."""
    if strict.correct or not strict.correct_leniently:
        return strict
    return replace(strict, status=VerdictStatus.CORRECT, score=1.0, rule=f"{strict.rule}+lenient")
