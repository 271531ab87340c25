"""The update of GRPO alone: forward, backward and optimiser step on given responses."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from synergy.cpu_linear import use_fast_linear
from synergy.models.loading import LoadedModel
from synergy.records import RolloutGroup
from synergy.training.trainer import Trainer
from versus_trl import ours, trl_common, trl_grpo
from versus_trl.agreement import Agreement, compare
from versus_trl.pairs import Turns, alternate
from versus_trl.problems import make_groups, make_problems
from versus_trl.setting import Setting
from versus_trl.tuning import our_fastest, their_fastest


def our_update(setting: Setting, **loop: Any) -> Trainer:
    """Our trainer on the setting's responses; `loop` is more of its section `train`."""
    loaded = ours.load(setting.model, setting.machine, is_tower_frozen=setting.is_tower_frozen)
    return ours.update_trainer(loaded, ours.grpo_config(setting, train=loop), given_groups(setting, loaded))


def given_groups(setting: Setting, loaded: LoadedModel) -> list[RolloutGroup]:
    """The responses that both sides learn from."""
    return make_groups(setting, make_problems(setting), loaded.renderer)


def check(setting: Setting) -> Agreement:
    """Value and gradient of both sides' losses on these responses, nothing skipped and no token banned."""
    trainer = our_update(setting)
    ours.lift_vision_ban(trainer.policy.loaded)
    groups = given_groups(setting, trainer.policy.loaded)
    theirs = trl_grpo.update_trainer(
        setting, groups, rows_per_forward=setting.num_responses, num_steps=1, max_grad_norm=0.0
    )
    return compare(ours.loss_and_gradient(trainer), trl_common.loss_and_gradient(theirs))


def measure(
    setting: Setting, *, num_pairs: int, rows_per_forward: Sequence[int], skips_zero_signals: bool = False
) -> dict[str, Any]:
    """Both sides in turns at their best micro-batch sizes, after a check that both compute the same."""
    agreement = check(setting)

    def ours_of(limit: int) -> Trainer:
        return our_update(setting, max_tokens_per_micro_batch=limit, skip_zero_signals=skips_zero_signals)

    def theirs_of(rows: int, num_steps: int, *, with_our_linear: bool = False) -> Callable[[Turns], None]:
        made = trl_grpo.update_trainer(setting, groups, rows_per_forward=rows, num_steps=num_steps)
        if with_our_linear:
            assert made.model is not None
            use_fast_linear(made.model)
        return trl_common.taking_turns(made, counts_fetching=False)

    limit, ours_tried = our_fastest(ours_of)
    trainer = ours_of(limit)
    groups = given_groups(setting, trainer.policy.loaded)
    rows, theirs_tried = their_fastest(rows_per_forward, theirs_of)
    pairs = alternate(trainer.step, theirs_of(rows, 1 + num_pairs), num_pairs=num_pairs)
    lent = alternate(lambda: None, theirs_of(rows, 3, with_our_linear=True), num_pairs=2)
    return {
        "setting": asdict(setting),
        **pairs.summary(),
        "theirs_seconds_with_our_linear_layers": statistics.median(lent.theirs_seconds),
        "agreement": agreement.summary(),
        "ours_seconds_by_tokens_per_micro_batch": ours_tried,
        "theirs_seconds_by_rows_per_forward": theirs_tried,
    }
