"""From graded responses to a score file and the items beside it."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from synergy.config.protocol import ProtocolConfig
from synergy.config.resolve import config_hash
from synergy.evaluation.breakdown import breakdown
from synergy.evaluation.breakdown_part import LevelsPart
from synergy.evaluation.evaluation_set import EvaluationSet, problems_sha256
from synergy.evaluation.provenance import packages
from synergy.evaluation.responses import Response
from synergy.evaluation.samples import write_samples
from synergy.evaluation.score_file import (
    FORMAT,
    BenchmarkPart,
    JudgePart,
    ModelPart,
    ResponsesPart,
    SamplingPart,
    ScoreFile,
    write_score,
)
from synergy.evaluation.shards import write_whole
from synergy.evaluation.summing import rule_score
from synergy.evaluation.verdicts import JUDGED, STRICT, GradedResponse, GradingRules
from synergy.grading.judge import Judge
from synergy.grading.judge_prompt import VERSION, prompt_hash
from synergy.records import Problem, StopReason, Verdict

SCORE, ITEMS = "score.json", "items.jsonl"
_BOOTSTRAP_SEED = 0


def make_score(
    graded: Sequence[GradedResponse],
    *,
    asked: EvaluationSet,
    problems: Sequence[Problem],
    model: ModelPart,
    rules: GradingRules,
    protocol: ProtocolConfig | None = None,
    sampling: SamplingPart | None = None,
    levels: LevelsPart | None = None,
) -> ScoreFile:
    """The score of graded responses to `problems`, which are those of `asked` that were to be answered.

    Where `levels` says whose levels the graded problems have, `problems` have those that they came with.
    """
    return ScoreFile(
        kind="score",
        format=FORMAT,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        benchmark=_benchmark(asked, problems, protocol),
        model=model,
        protocol=protocol,
        protocol_sha256=config_hash(protocol.comparable) if protocol else None,
        extraction=rules.extraction.name if rules.extraction else "any",
        truncated_is_wrong=rules.truncated_is_wrong,
        sampling=sampling,
        responses=_responses([each.response for each in graded]),
        rules={
            rule: rule_score(graded, rule, asked.metrics, seed=_BOOTSTRAP_SEED)
            for rule in (graded[0].verdicts if graded else ())
        },
        levels=levels,
        breakdown=breakdown(
            graded,
            shown_rule(graded),
            seed=_BOOTSTRAP_SEED,
            generating=levels_of(problems) if levels else None,
        )
        if graded
        else None,
        judge=_judge(rules.judge) if rules.judge else None,
        packages=packages(),
        items=ITEMS,
    )


def _benchmark(asked: EvaluationSet, problems: Sequence[Problem], protocol: ProtocolConfig | None) -> BenchmarkPart:
    metric = protocol.metric_of(asked.name) if protocol else None
    return BenchmarkPart(
        name=asked.name,
        title=asked.title,
        source=asked.source,
        main_metric=metric or asked.main_metric,
        num_problems=len(problems),
        limit=asked.limit,
        problems_sha256=problems_sha256(problems),
        data=asked.data,
        data_sha256=asked.data_sha256,
        official_source=asked.official_source,
    )


def write_scored(folder: Path, score: ScoreFile, graded: Sequence[GradedResponse], problems: Sequence[Problem]) -> None:
    """Write items and samples first and the score last, so that a score always has them; raises FileError."""
    write_whole(folder / ITEMS, _lines(graded))
    write_samples(folder, graded, shown_rule(graded), levels_of(problems))
    write_score(score, folder / SCORE)


def shown_rule(graded: Sequence[GradedResponse]) -> str:
    """The rule whose verdicts breakdown and samples show: the judge's where there was one, else ours."""
    return JUDGED if graded and JUDGED in graded[0].verdicts else STRICT


def levels_of(problems: Sequence[Problem]) -> dict[str, int | None]:
    """The levels that problems came with, by id."""
    return {problem.id: problem.level for problem in problems}


def _lines(graded: Sequence[GradedResponse]) -> Iterator[str]:
    for each in graded:
        problem, response = each.problem, each.response
        fields = {
            "id": problem.id,
            "run": response.run,
            "level": problem.level,
            "gold": problem.answer,
            "stop_reason": response.stop_reason,
            "num_tokens": response.num_tokens,
            "truncated": response.truncated,
            "verdicts": {rule: _plain(verdict) for rule, verdict in each.verdicts.items()},
        }
        yield json.dumps(fields) + "\n"


def _plain(verdict: Verdict) -> dict[str, Any]:
    return {
        "status": verdict.status,
        "score": verdict.score,
        "extracted": verdict.extracted,
        "rule": verdict.rule,
        "extractor": verdict.extractor,
    }


def _responses(responses: Sequence[Response]) -> ResponsesPart:
    num = max(1, len(responses))
    counted = [each.num_tokens for each in responses if each.num_tokens is not None and not each.failed]
    at_limit = [each.stop_reason is StopReason.LENGTH for each in responses if each.stop_reason is not None]
    return ResponsesPart(
        num=len(responses),
        truncated_fraction=sum(each.truncated for each in responses) / num,
        at_limit_fraction=sum(at_limit) / len(at_limit) if at_limit else None,
        unfinished_thinking_fraction=sum(each.unfinished for each in responses if not each.failed) / num,
        num_failed=sum(each.failed for each in responses),
        mean_tokens=sum(counted) / len(counted) if counted else None,
    )


def _judge(judge: Judge) -> JudgePart:
    cost = judge.cost
    return JudgePart(
        config=judge.config,
        served_as=judge.endpoint.model,
        prompt=VERSION,
        prompt_sha256=prompt_hash(),
        num_calls=cost.num_calls,
        num_cached=cost.num_cached,
        num_failed=cost.num_failed,
        num_unreadable=cost.num_unreadable,
        prompt_tokens=cost.prompt_tokens,
        completion_tokens=cost.completion_tokens,
    )
