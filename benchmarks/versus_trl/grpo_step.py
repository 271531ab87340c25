"""A whole step of GRPO: sampling, grading and the update, each side by its own code from end to end."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from synergy.config.algorithm_sections import OverlongConfig
from synergy.config.reward import RewardConfig
from synergy.models.loading import LoadedModel
from synergy.pocket.world import items
from synergy.prompts import BOXED
from synergy.records import Problem
from synergy.sampling.local import LocalSampler
from synergy.training.attempts import Attempts
from synergy.training.collect import RolloutSource
from synergy.training.processes import Processes
from synergy.training.rewards import open_rewards
from synergy.training.trainer import Trainer
from versus_trl import ours, trl_common, trl_grpo
from versus_trl.checkpoints import is_trained
from versus_trl.lengths import Recorder, generate_to_lengths, use_lengths
from versus_trl.pairs import Turns, alternate
from versus_trl.problems import make_problems
from versus_trl.setting import Setting
from versus_trl.tuning import our_fastest, their_fastest


def measure(setting: Setting, *, num_pairs: int, rows_per_forward: Sequence[int]) -> dict[str, Any]:
    """Both sides in turns on the same problems at their best micro-batch sizes, TRL's responses as long as ours."""
    num_steps = 2 + num_pairs  # of which two warm up: the first steps of a sampler are its slowest
    examples = ours.examples_of(_problems(setting, num_steps * setting.num_problems))
    loaded = ours.load(setting.model, setting.machine, is_tower_frozen=setting.is_tower_frozen)
    overlong = OverlongConfig(max_tokens=setting.max_response_tokens, cache_tokens=setting.max_response_tokens)

    def theirs_of(rows: int, num_steps: int) -> Callable[[Turns], None]:
        visits = [example.problem for example in order[: num_steps * setting.num_problems]]
        made = trl_grpo.sampling_trainer(setting, visits, overlong, rows_per_forward=rows, num_steps=num_steps)
        generate_to_lengths(made.model, lambda: recorder.lengths, loaded.renderer.end_token_id)
        return trl_common.taking_turns(made, counts_fetching=True)

    def step() -> None:
        trainer.step()
        lengths.append(sum(recorder.lengths) / setting.num_responses)

    limit, ours_tried = our_fastest(lambda limit: our_trainer(setting, loaded, examples, overlong, limit)[0])
    trainer, recorder = our_trainer(setting, loaded, examples, overlong, limit)
    lengths: list[float] = []
    step()  # so that there are lengths to try their settings with
    order = ours.visited(examples, trainer.config, len(examples.examples))
    rows, theirs_tried = their_fastest(rows_per_forward, theirs_of)
    trainer.drawer.order.position = 0
    lengths.clear()
    pairs = alternate(step, theirs_of(rows, num_steps), num_pairs=num_pairs, num_warmup=2)
    return {
        "setting": asdict(setting),
        **pairs.summary(),
        "mean_response_tokens": sum(lengths) / len(lengths),
        "is_model_trained": is_trained(setting.model),
        "ours_seconds_by_tokens_per_micro_batch": ours_tried,
        "theirs_seconds_by_rows_per_forward": theirs_tried,
    }


def our_trainer(
    setting: Setting,
    loaded: LoadedModel,
    examples: ours.ListedExamples,
    overlong: OverlongConfig,
    max_tokens_per_micro_batch: int,
) -> tuple[Trainer, Recorder]:
    """Our trainer with its own sampler, and what tells the lengths of the newest responses."""
    config = ours.grpo_config(
        setting,
        algorithm={"overlong": overlong.model_dump()},
        sampling={"max_tokens": setting.max_response_tokens},
        train={"max_tokens_per_micro_batch": max_tokens_per_micro_batch},
    )
    sampler = LocalSampler(loaded, config.sampling, BOXED, seed=setting.seed)
    if not is_trained(setting.model):
        use_lengths(sampler, min_tokens=setting.min_response_tokens, max_tokens=setting.max_response_tokens)
    recorder = Recorder(sampler)
    drawer = ours.make_drawer(loaded, config, examples)
    source = RolloutSource(
        drawer,
        Attempts(sampler=recorder, preset=BOXED, rewards=open_rewards(RewardConfig()), num_samples=setting.group_size),
        Processes(),
        dynamic_sampling=None,
    )
    return ours.make_trainer(loaded, config, drawer, source), recorder


def _problems(setting: Setting, num: int) -> list[Problem]:
    if setting.model == "pocket":
        return [item.problem() for item in items("train", num, seed=setting.seed)]
    return make_problems(setting, num)
