"""The split of 2504.11468, section 2.1: a trace with a self-reflective cue goes to the RL pool, one without to SFT."""

from synergy.config.pipeline_steps import SplitConfig, step_name
from synergy.data.pipeline.sample import Fate, Sample, StepRecord
from synergy.statistics.cues import AHA_KEYWORDS, cues_as_words, cues_within

POOL = "pool"  #: the detail that says where a sample goes
CUES, CUES_AS_WORDS = "cues", "cues_as_words"


class SplitStep:
    """Finds cues by both rules, decides by one; drops nothing."""

    def __init__(self, config: SplitConfig) -> None:
        self.name = step_name(config)
        self._keywords = AHA_KEYWORDS if config.keywords is None else config.keywords
        self._whole_words = config.whole_words

    def run(self, sample: Sample) -> StepRecord:
        """The pool, and the cues by either rule."""
        trace = sample.fields["reasoning"]
        within, as_words = cues_within(trace, self._keywords), cues_as_words(trace, self._keywords)
        pool = "rl" if (as_words if self._whole_words else within) else "sft"
        return StepRecord(step=self.name, fate=Fate.KEPT, details={POOL: pool, CUES: within, CUES_AS_WORDS: as_words})
