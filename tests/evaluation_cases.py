"""Small benchmarks, protocols and answers that the tests of evaluation share."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synergy.benchmarks.benchmark import Graded, Value
from synergy.config.load import build
from synergy.config.protocol import ProtocolConfig
from synergy.evaluation.answerer import OnProgress
from synergy.evaluation.evaluation_set import EvaluationSet
from synergy.evaluation.request import Asked
from synergy.evaluation.responses import Response
from synergy.evaluation.run import Evaluation
from synergy.evaluation.score_file import ModelPart, ScoreFile
from synergy.records import AnswerKind, Problem, StopReason, Verdict, VerdictStatus

RIGHT = "<think>easy</think> \\boxed{4}"
WRONG = "<think>hard</think> \\boxed{5}"

MODEL = ModelPart(
    name="a model",
    checkpoint="folder",
    revision=None,
    weights_sha256="0" * 64,
    dtype="float32",
    backend="local",
    served_as=None,
)


def problem(number: int, answer: str = "4", *, level: int | None = None, **tags: str) -> Problem:
    return Problem(
        id=f"p{number}",
        question=f"What is question {number}?",
        answer=answer,
        answer_kind=AnswerKind.INTEGER,
        level=level,
        tags=tags,
    )


def response(
    problem_id: str, text: str, run: int = 0, stop_reason: StopReason | None = StopReason.STOP, num_tokens: int = 10
) -> Response:
    return Response(
        problem_id=problem_id,
        run=run,
        text=text,
        stop_reason=stop_reason,
        num_tokens=num_tokens,
        num_prompt_tokens=20,
    )


def protocol(**values: Any) -> ProtocolConfig:
    base: dict[str, Any] = {
        "kind": "protocol",
        "name": "small",
        "source": "a test",
        "asking": {"preset": "boxed"},
        "response": {"temperature": 1.0, "max_tokens": 64},
    }
    return build(ProtocolConfig, {**base, **values}, label="test")


def overall(graded: Sequence[Graded]) -> Mapping[str, Value]:
    """The accuracy, and the share of groups that are right as a whole."""
    groups: dict[str, bool] = {}
    for each in graded:
        group = each.problem.tags.get("group", each.problem.id)
        groups[group] = groups.get(group, True) and each.verdict.correct
    return {
        "overall": Value(value=sum(each.verdict.correct for each in graded) / len(graded), num=len(graded)),
        "worst_case": Value(value=sum(groups.values()) / len(groups), num=len(groups)),
    }


def last_word(asked: Problem, text: str) -> Verdict:
    """An official rule: the last word is the answer."""
    word = (text.split() or [""])[-1]
    correct = word == asked.answer
    return Verdict(
        status=VerdictStatus.CORRECT if correct else VerdictStatus.WRONG,
        score=float(correct),
        extracted=word,
        rule="official/last-word",
    )


def small_set(problems: Sequence[Problem], name: str = "small") -> EvaluationSet:
    return EvaluationSet(
        name=name,
        title=name.title(),
        source="a test",
        problems=problems,
        metrics=overall,
        main_metric="overall",
        official=last_word,
        official_source="a test",
        data="made here",
        data_sha256=None,
    )


class ScriptedAnswerer:
    """Says what it is told to by problem, and keeps count of how it was asked."""

    def __init__(self, texts: Mapping[str, Sequence[str]]) -> None:
        self.texts = texts
        self.asked: list[list[str]] = []

    def answer(self, problems: Sequence[Problem], on_progress: OnProgress) -> list[Response]:
        self.asked.append([each.id for each in problems])
        found = [response(each.id, text, run) for each in problems for run, text in enumerate(self.texts[each.id])]
        on_progress(len(found), 10 * len(found))
        return found

    def prompt(self, problem: Problem) -> str:
        return f"asked: {problem.question}"


class Silent:
    """Watches and says nothing."""

    def __init__(self) -> None:
        self.stages: list[tuple[str, int, int]] = []

    def sampling(self, num_before: int, num_responses: int) -> OnProgress:
        self.stages.append(("sampling", num_before, num_responses))
        return lambda finished, tokens: None

    def stage(self, name: str, num_done: int, num: int) -> None:
        self.stages.append((name, num_done, num))


def asked(found: ProtocolConfig, shard: int = 2, seed: int = 0) -> Asked:
    return Asked(
        kind="evaluation",
        model=MODEL,
        asking=found.asking,
        asked_as=None,
        response=found.response,
        num_runs=found.num_runs,
        images=found.images,
        seed=seed,
        problems_per_shard=shard,
    )


def evaluate(
    folder: Path,
    problems: list[Problem],
    texts: dict[str, list[str]],
    found: ProtocolConfig,
    name: str = "small",
) -> ScoreFile:
    answerer = ScriptedAnswerer(texts)
    run = Evaluation(protocol=found, asked=asked(found), answerer=lambda: answerer, judge=None)
    return run.evaluate(small_set(problems, name), folder, Silent()).score
