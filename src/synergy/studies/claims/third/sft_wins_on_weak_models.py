"""The weaker the model, the more SFT is ahead of RL."""

from dataclasses import replace

from synergy.studies.claims.arms import main_arms
from synergy.studies.claims.axes import along, at, find_axis
from synergy.studies.claims.claim import THIRD, Claim, Evidence
from synergy.studies.claims.evidence import above, detail
from synergy.studies.results import StudyResults


def _judge(results: StudyResults) -> Evidence:
    base, sft, rl = main_arms(results, "base", "sft", "rl")
    axis = find_axis(results, "model")
    scores = along(results, axis, (base, sft, rl))
    labels = sorted((value.label for value in results.study.axes[axis]), key=lambda label: scores.mean(at(base, label)))
    weak, strong = labels[0], labels[-1]
    change = scores.contrast({at(sft, weak): 1, at(rl, weak): -1, at(sft, strong): -1, at(rl, strong): 1})
    details = tuple(detail(f"{sft} − {rl}, {label}", scores.over(at(sft, label), at(rl, label))) for label in labels)
    return replace(
        above(change),
        num_seeds=scores.num_seeds,
        details=details,
        note=f"weakest by the base model's accuracy: {weak}; strongest: {strong}",
    )


CLAIM = Claim(
    name="sft_wins_on_weak_models",
    source=f"{THIRD}, finding 1 [note]",
    statement="SFT − RL is larger for the weakest model than for the strongest.",
    needs=("base", "sft", "rl", "axis of models"),
    judge=_judge,
)
