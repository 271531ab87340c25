"""What a step has to do, in tokens and images, from its config and the lengths that the study takes for granted.

Means stand for every response, and every attempt is taken to teach something: where a loss skips attempts without a
signal, what is really spent is less. Dynamic sampling is counted as one round. Nothing is opened or loaded.
"""

from dataclasses import dataclass
from math import ceil

from synergy.algorithms.registry import needs
from synergy.config.assumed import AssumedConfig
from synergy.config.benchmark_data import BenchmarkDataConfig, EvaluationDataConfig
from synergy.config.choose import ChooseConfig, LengthRule, RandomRule, SamplingRule
from synergy.config.data import FileDataConfig, HubDataConfig, PocketDataConfig
from synergy.config.distil import DistilConfig
from synergy.config.mixing import InterleavedConfig, ProgressiveConfig
from synergy.config.study_steps import EvaluateStepConfig
from synergy.config.train import TrainConfig
from synergy.recipes.step import STEP_DATA, Step

UNTRAINED = "base"  #: what `AssumedConfig.responses` calls the model that no step makes


@dataclass(frozen=True, kw_only=True)
class Workload:
    """Numbers of tokens; see `plan_file.LedgerPart`, whose names these are."""

    generated_tokens: float = 0.0
    evaluation_tokens: float = 0.0
    trained_tokens: float = 0.0
    update_tokens: float = 0.0
    images: float = 0.0
    prefilled_tokens: float = 0.0  #: of prompts, before sampling
    scored_tokens: float = 0.0  #: run forward for log-probs of the policy before the step, or of the reference
    rows: float = 0.0  #: responses, or rows of data, that are written
    pictures: float = 0.0  #: that are written beside them


def workload_of(step: Step, assumed: AssumedConfig) -> Workload | None:
    """A step's; None where the number of its problems is not stated. A merge has none."""
    config = step.config
    if isinstance(config, TrainConfig):
        return _train(config, step, assumed)
    if isinstance(config, DistilConfig):
        return _distil(config, step, assumed)
    if isinstance(config, ChooseConfig):
        return _choose(config, assumed)
    if isinstance(config, EvaluateStepConfig):
        return _evaluate(config, step, assumed)
    return Workload()


def length_of(name: str, assumed: AssumedConfig, limit: int) -> float:
    """Of a response of what `AssumedConfig.responses` calls so, cut at the sampler's limit."""
    return min(float(limit), assumed.responses.get(name, assumed.response_tokens))


def _train(config: TrainConfig, step: Step, assumed: AssumedConfig) -> Workload:
    loop = config.train
    problems = float(loop.num_steps * loop.problems_per_step)
    prompt, images = assumed.problem_tokens, assumed.images
    length = length_of(step.stage, assumed, config.sampling.max_tokens)
    trace = _trace_tokens(config, step, assumed)
    evaluated = _evaluated(config)
    measured = Workload(
        evaluation_tokens=evaluated[1] * length,
        prefilled_tokens=evaluated[0] * prompt,
        images=evaluated[0] * images,
    )
    if config.imitates:
        imitating = Workload(
            trained_tokens=problems * trace, update_tokens=problems * (prompt + trace), images=problems * images
        )
        return _sum(measured, imitating)
    algorithm = config.algorithm
    sampled = problems * loop.samples_per_problem
    imitated = 0.0
    prefills = problems
    if isinstance(algorithm, InterleavedConfig):
        imitated = problems * trace * (1.0 if algorithm.sft_on == "all" else assumed.failed_fraction)
    if isinstance(algorithm, ProgressiveConfig):
        failed = problems * assumed.failed_fraction
        sampled += failed * algorithm.num_guided
        imitated = failed * trace / 2  # from the whole trace down to none of it
        prefills += failed
    trees = _trees(config, prompt, length)
    updated = problems * trees * prompt + sampled * length + imitated
    wanted = needs(algorithm, updates_per_sampling=loop.updates_per_sampling)
    passes = int(wanted.policy_logprobs) + int(wanted.reference_logprobs)
    return _sum(
        measured,
        Workload(
            generated_tokens=sampled * length,
            trained_tokens=sampled * length + imitated,
            update_tokens=updated,
            images=problems * images * (1 + trees),
            prefilled_tokens=prefills * prompt,
            scored_tokens=passes * updated,
        ),
    )


def _trees(config: TrainConfig, prompt: float, length: float) -> int:
    """Trees that a problem's attempts are split into, each with the prompt."""
    in_one = max(1, int((config.train.max_tokens_per_tree - prompt) // length))
    return ceil(config.train.samples_per_problem / in_one)


def _evaluated(config: TrainConfig) -> tuple[float, float]:
    """Problems and responses of all evaluations of a run: the untrained model, every so many steps, the last."""
    section = config.evaluation
    if section is None:
        return 0.0, 0.0
    num = 1 + ceil(config.train.num_steps / section.every_steps)
    problems = float(num * (section.num_problems + sum(each.num_problems for each in section.out_of_source)))
    return problems, problems * section.samples_per_problem


def _trace_tokens(config: TrainConfig, step: Step, assumed: AssumedConfig) -> float:
    """Of a demonstration; of what another step has distilled, the length of its model's responses."""
    data: EvaluationDataConfig = config.data
    if isinstance(data, FileDataConfig) and data.path == STEP_DATA:
        made = step.inputs["data"].config
        if isinstance(made, DistilConfig):
            return _distilled_tokens(step.inputs["data"], made, assumed)
        assert isinstance(made, ChooseConfig), "the steps that make data"
        data = made.data
    return _table_trace_tokens(data, assumed)


def _table_trace_tokens(data: EvaluationDataConfig, assumed: AssumedConfig) -> float:
    table = assumed.tables.get(table_name(data))
    return assumed.trace_tokens if table is None or table.trace_tokens is None else table.trace_tokens


def _distilled_tokens(step: Step, config: DistilConfig, assumed: AssumedConfig) -> float:
    """Of a response of the model that is distilled; a teacher's length is that of its stage."""
    made = step.inputs["model"].stage if "model" in step.inputs else step.stage
    return length_of(made, assumed, config.response.max_tokens)


def _distil(config: DistilConfig, step: Step, assumed: AssumedConfig) -> Workload | None:
    problems = num_problems(config.data, assumed)
    if problems is None:
        return None
    responses = problems * config.samples_per_problem
    kept = responses * assumed.correct_fraction if config.keep == "all" else problems
    return Workload(
        generated_tokens=responses * _distilled_tokens(step, config, assumed),
        prefilled_tokens=problems * assumed.problem_tokens,
        images=problems * assumed.images,
        rows=kept,
        pictures=kept * assumed.images,
    )


def _choose(config: ChooseConfig, assumed: AssumedConfig) -> Workload | None:
    """Attempts of the untrained model, a pass over all demonstrations for perplexity, or rows that are only written."""
    problems = num_problems(config.data, assumed)
    if problems is None:
        return None
    prompts, rule = problems * assumed.problem_tokens, config.rule
    shared = {"images": problems * assumed.images, "rows": problems, "pictures": problems * assumed.images}
    if isinstance(rule, LengthRule | RandomRule):
        return Workload(rows=problems, pictures=problems * assumed.images)
    if isinstance(rule, SamplingRule):
        length = length_of(UNTRAINED, assumed, rule.response.max_tokens)
        tokens = problems * rule.samples_per_problem * length
        return Workload(generated_tokens=tokens, prefilled_tokens=prompts, **shared)
    num_models = 1 + len(rule.also)  # counted as if all were of the first one's size
    scored = num_models * (prompts + problems * _table_trace_tokens(config.data, assumed))
    return Workload(scored_tokens=scored, **shared)


def _evaluate(config: EvaluateStepConfig, step: Step, assumed: AssumedConfig) -> Workload | None:
    problems = num_problems(config.data, assumed)
    if problems is None:
        return None
    responses = problems * config.protocol.num_runs
    checkpoint = config.model.checkpoint
    made = step.inputs["model"].stage if "model" in step.inputs else UNTRAINED
    tokens = responses * length_of(
        checkpoint if checkpoint in assumed.responses else made, assumed, config.protocol.response.max_tokens
    )
    table = assumed.tables.get(table_name(config.data))
    images = problems * (assumed.images if table is None or table.images is None else table.images)
    return Workload(
        generated_tokens=tokens if config.purpose == "tag" else 0.0,
        evaluation_tokens=tokens if config.purpose == "evaluate" else 0.0,
        prefilled_tokens=problems * assumed.prompt_tokens + images * assumed.image_tokens,
        images=images,
        rows=responses,
        pictures=images,
    )


def num_problems(data: EvaluationDataConfig, assumed: AssumedConfig) -> float | None:
    """Of a section; None where neither it nor the study says."""
    table = assumed.tables.get(table_name(data))
    stated = None if table is None else table.num_problems
    limit = data.limit if isinstance(data, BenchmarkDataConfig) else data.num_problems
    known = [float(num) for num in (stated, limit) if num is not None]
    return min(known) if known else None


def table_name(data: EvaluationDataConfig) -> str:
    """How `AssumedConfig.tables` calls a section's problems."""
    match data:
        case PocketDataConfig():
            return "pocket"
        case FileDataConfig():
            return str(data.path)
        case HubDataConfig():
            return data.repository
        case BenchmarkDataConfig():
            return data.benchmark


def _sum(one: Workload, other: Workload) -> Workload:
    return Workload(**{name: value + getattr(other, name) for name, value in vars(one).items()})
