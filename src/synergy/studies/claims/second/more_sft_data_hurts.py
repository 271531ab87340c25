"""The more SFT data, the lower the score."""

import math
from dataclasses import replace

import numpy as np

from synergy.studies.claims.claim import SECOND, Claim, Evidence
from synergy.studies.claims.evidence import below
from synergy.studies.claims.sizes import sft_sizes
from synergy.studies.results import StudyResults


def _judge(results: StudyResults) -> Evidence:
    sizes = sft_sizes(results)
    doublings = np.array([math.log2(size) for size in sizes.by_size])
    centred = doublings - doublings.mean()
    slopes = centred / (centred**2).sum()
    slope = sizes.scores.contrast(dict(zip(sizes.by_size.values(), slopes.tolist(), strict=True)))
    details = tuple((f"{size} problems", sizes.scores.mean(arm), None, None) for size, arm in sizes.by_size.items())
    return replace(below(slope), num_seeds=sizes.scores.num_seeds, details=details)


CLAIM = Claim(
    name="more_sft_data_hurts",
    source=f"{SECOND}, §3.2, table 2, figures 3 and 5",
    statement="Accuracy falls with the number of SFT problems: its slope, per doubling, is below 0.",
    needs=("arms of recipe sft or two_stage with several sft.data.num_problems, or an axis of them",),
    judge=_judge,
)
