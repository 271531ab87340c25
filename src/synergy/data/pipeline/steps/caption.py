"""Reading a caption."""

from synergy.config.pipeline_steps import CaptionConfig
from synergy.data.pipeline.sample import Outcome, Sample
from synergy.grading.extract import after_thinking


def read_caption(config: CaptionConfig, sample: Sample, text: str) -> Outcome:
    """The field caption; malformed where too few words are left of it behind any thinking."""
    caption = (after_thinking(text) or "").strip()
    num_words = len(caption.split())
    if num_words < config.min_words:
        return Outcome(drop="malformed", is_unusable=True, details={"num_words": num_words})
    return Outcome(changed={"caption": caption}, details={"num_words": num_words})
