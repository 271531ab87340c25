"""Rules that ask a model which problems stay: by how often it solves them, seeing or not, or how they surprise it.

Responses and perplexities are kept in a folder, so that a killed decision goes on. Importing this needs no torch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from synergy.config.asking_model import AskingModel
from synergy.config.choose import AskingRule, BlindRule, DifficultyRule, PassCountRule, PerplexityRule
from synergy.config.protocol import preset_protocol
from synergy.data.examples import Examples
from synergy.errors import InputError
from synergy.evaluation.answerer import Answerer
from synergy.evaluation.blinded import Blinded
from synergy.evaluation.examples_set import examples_set
from synergy.evaluation.from_config import evaluation_of
from synergy.evaluation.gathering import Watcher
from synergy.evaluation.levels_file import ProblemLevel
from synergy.evaluation.tagging import tag
from synergy.records import Purpose


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a rule says."""

    values: Mapping[str, float]  #: by problem: right answers, or perplexity; those that were not asked are not in it
    gone: Mapping[str, str]  #: why a problem goes, in few words; the others stay


def decide(
    rule: AskingRule,
    asked: AskingModel,
    examples: Examples,
    folder: Path,
    watcher: Watcher,
    *,
    name: str = "",
    answerer: Callable[[], Answerer] | None = None,
) -> Decision:
    """Ask the model; `name` is what files call it, `answerer` takes its place in tests.

    Raises InputError where there are fewer problems than a rule keeps, where the folder holds another decision, and
    what data and model raise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(rule, PerplexityRule):
        return _by_perplexity(rule, asked, examples, folder, watcher)
    if isinstance(rule, BlindRule):
        shown = Blinded(examples, rule.picture)
        set_name, title = f"blind_{rule.picture}", "Problems without pictures"
    else:
        shown, set_name, title = examples, "choose", "Training problems"
    if not len(shown):
        return Decision(values={}, gone={})
    protocol = preset_protocol("choose", asked.prompt, rule.response, rule.samples_per_problem)
    evaluation = evaluation_of(asked, protocol, Purpose.TAG, name=name, answerer=answerer)
    solved = tag(evaluation, examples_set(shown, set_name, title), folder, watcher).levels.problems
    reasons = {problem_id: _why_gone(rule, each) for problem_id, each in solved.items()}
    return Decision(
        values={problem_id: each.num_correct for problem_id, each in solved.items()},
        gone={problem_id: why for problem_id, why in reasons.items() if why is not None},
    )


def _why_gone(rule: PassCountRule | DifficultyRule | BlindRule, solved: ProblemLevel) -> str | None:
    if not solved.num_samples:
        return "no_response"
    match rule:
        case PassCountRule():
            if solved.num_correct < rule.at_least:
                return "solved_too_seldom"
            return "solved_too_often" if solved.num_correct > rule.at_most else None
        case DifficultyRule():
            difficulty = "hard"
            if solved.num_correct:
                difficulty = "easy" if solved.num_correct == solved.num_samples else "medium"
            return None if difficulty in rule.keep else difficulty
        case BlindRule():
            return "solved_blind" if solved.num_correct > rule.at_most else None


def _by_perplexity(
    rule: PerplexityRule, asked: AskingModel, examples: Examples, folder: Path, watcher: Watcher
) -> Decision:
    from synergy.evaluation.perplexity import mean_perplexities  # here, as it brings torch along

    check_enough(len(examples), rule.num_problems)
    if asked.endpoint is not None:
        raise InputError("choose: perplexity from an endpoint, which tells no probabilities; expected backend local")
    models = (asked.model, *rule.also)
    values = mean_perplexities(
        models, examples, asked.prompt, folder, lambda done, num: watcher.stage("perplexity", done, num)
    )
    return keep_one_end(values, rule.num_problems, rule.side)


def keep_one_end(values: Mapping[str, float], num_problems: int, side: str) -> Decision:
    """Those of the largest values (side highest or longest) or of the smallest stay, of equal ones the first.

    Raises InputError where there are fewer than `num_problems`.
    """
    check_enough(len(values), num_problems)
    sign = -1 if side in ("highest", "longest") else 1
    ordered = sorted(values, key=lambda each: sign * values[each])
    return Decision(values=values, gone=dict.fromkeys(ordered[num_problems:], f"not_{side}"))


def check_enough(num_found: int, num_problems: int) -> None:
    """Raises InputError where a rule keeps more problems than there are."""
    if num_found < num_problems:
        raise InputError(f"choose: {num_found} problems; expected at least rule.num_problems {num_problems}")
