"""The document that says which rows of a table stay: filters in order, each seeing what those before it left.

What a filter does is said where it is (`synergy.data.filters`; those that ask a model: `synergy.config.choose`). All
thresholds are ours unless a docstring names a source.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from synergy.config.asking_model import AskingModel
from synergy.config.base import Config
from synergy.config.benchmark_data import EvaluationDataConfig
from synergy.config.choose import BlindRule, DifficultyRule, PassCountRule, PerplexityRule
from synergy.config.data import DataConfig

Count = Annotated[int, Field(gt=0)]
Number = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Text = Literal["question", "choices", "answer", "trace"]
Script = Literal["latin", "greek", "cyrillic", "cjk", "hiragana", "katakana", "hangul", "arabic", "hebrew", "thai"]


class LengthFilter(Config):
    """Texts that are too short or too long; a row without a trace passes the bounds of traces."""

    by: Literal["length"]
    """the filter"""
    unit: Literal["words", "characters", "tokens"] = "words"
    """what is counted; words are what white space divides"""
    tokenizer: Path | None = None
    """a folder with tokenizer.json, or such a file, where tokens are counted"""
    min_question: Number = 1
    """the shortest question that stays"""
    max_question: Count | None = None
    """the longest one; null for any"""
    min_trace: Number = 1
    """the shortest trace that stays"""
    max_trace: Count | None = None
    """the longest one; null for any"""

    @model_validator(mode="after")
    def _tokens_have_a_tokenizer(self) -> Self:
        if (self.unit == "tokens") != (self.tokenizer is not None):
            raise ValueError(f"unit {self.unit} with tokenizer {self.tokenizer}; expected a tokenizer for tokens alone")
        for name in ("question", "trace"):
            least, most = getattr(self, f"min_{name}"), getattr(self, f"max_{name}")
            if most is not None and least > most:
                raise ValueError(f"min_{name} {least} above max_{name} {most}; expected at most that")
        return self


class LanguageFilter(Config):
    """Texts in other scripts, and, if asked for, texts that are not English; no model guesses a language."""

    by: Literal["language"]
    """the filter"""
    texts: tuple[Text, ...] = ("question", "trace")
    """which texts are looked at, each by itself"""
    scripts: tuple[Script, ...] = ("latin", "greek")
    """letters that are expected, by their names in Unicode; digits, signs and LaTeX's backslashes are no letters"""
    min_share: Share = 0.95
    """the least share of expected ones among a text's letters"""
    min_english: Share | None = None
    """the least share of a text's words that are among the commonest English ones, in texts of 20 words and more; 0.15
    is lower than in English prose, and higher than in other languages' (`data/filters/language.py`); null for any"""


class RepetitionFilter(Config):
    """Traces that say the same again and again; of a row without a trace the question."""

    by: Literal["repetition"]
    """the filter"""
    ngram_words: Count = 10
    """a run of so many words that came before in the same text is a repetition"""
    max_repeated: Share = 0.3
    """the largest share of repetitions among all runs"""
    max_compression: Annotated[float, Field(gt=1)] = 6.0
    """the most times that zlib makes the text smaller, for texts of 500 bytes and more"""


class Likeness(Config):
    """What two rows must have in common to count as one."""

    of: Literal["both", "text", "images"] = "both"
    """both: texts and pictures, and of rows without pictures the texts; templates ask the same of many pictures"""
    texts: tuple[Text, ...] = ("question", "choices")
    """which texts are compared, as one"""


class ExactDuplicatesFilter(Likeness):
    """Rows whose texts (but for case and spacing) and pictures (pixels) equal those of an earlier row that stayed."""

    by: Literal["exact_duplicates"]
    """the filter"""


class PictureLikeness(Config):
    """When two pictures look the same (`data/likeness/pictures.py`)."""

    max_hamming: Annotated[int, Field(ge=0, le=192)] = 6
    """the most bits of 192 in which their difference hashes differ"""
    max_difference: Annotated[int, Field(ge=0, le=255)] = 15
    """the most of 255 that two pixels of their thumbnails (32 × 32) are apart"""


class NearDuplicatesFilter(Likeness):
    """Rows that are nearly an earlier row that stayed."""

    by: Literal["near_duplicates"]
    """the filter"""
    shingle_words: Count = 3
    """texts are compared as sets of runs of so many words"""
    min_jaccard: Annotated[float, Field(gt=0, le=1)] = 0.8
    """the least share of common runs among all of both texts"""
    pictures: PictureLikeness = PictureLikeness()
    """when pictures are nearly the same"""


class ContaminationFilter(Config):
    """Rows that an evaluation set has too."""

    by: Literal["contamination"]
    """the filter"""
    against: Annotated[dict[str, EvaluationDataConfig], Field(min_length=1)]
    """the evaluation sets by name: tables, pocket splits, hub data sets, benchmarks"""
    when: Literal["either", "text", "images", "both"] = "either"
    """what has to be found there: a run of words, a picture, one of them, or both in one problem; both is for
    templates, whose questions are the same on either side"""
    ngram_words: Count = 13
    """a run of so many words of question and options in common is a hit. A shorter text has to be the same as a whole,
    and of a row with pictures that alone is none: "Find x." is asked of many"""
    pictures: PictureLikeness = PictureLikeness()
    """when a picture is found"""


class ImagesFilter(Config):
    """Pictures that cannot be decoded, or that no model can learn from."""

    by: Literal["images"]
    """the filter"""
    required: bool = False
    """whether a row without pictures goes"""
    min_side_pixels: Count = 28
    """the shortest side that stays: a visual token of Qwen2.5-VL"""
    max_side_pixels: Count | None = None
    """the longest one; null for any"""
    max_aspect: Annotated[float, Field(ge=1)] = 20.0
    """the most times that one side is longer than the other; Qwen2.5-VL's processor refuses 200"""
    min_spread: Annotated[float, Field(ge=0)] = 1.0
    """the least standard deviation of brightness, of 255: a blank picture has none"""


class CuesFilter(Config):
    """Counts traces with cues of reflection, the eight keywords of 2504.11468 (appendix A.2), by both ways to match."""

    by: Literal["cues"]
    """the filter"""
    keep: Literal["all", "with", "without"] = "all"
    """which traces stay; the study has those with cues in RL's pool, those without in SFT's"""
    match: Literal["substring", "word"] = "substring"
    """what decides that: substring is the study's rule, by which "against" has "again"; counts are of both"""


class PassRateFilter(Config):
    """A pass rate that the table has, as `synergy data tag --table` writes it."""

    by: Literal["pass_rate"]
    """the filter"""
    column: Annotated[str, Field(min_length=1)]
    """the column: passrate_for_MODEL"""
    at_least: Share = 0.0
    """the lowest rate that stays"""
    at_most: Share = 1.0
    """the highest one"""


ModelRule = PassCountRule | DifficultyRule | BlindRule | PerplexityRule
RowFilterConfig = (
    LengthFilter
    | LanguageFilter
    | RepetitionFilter
    | ExactDuplicatesFilter
    | NearDuplicatesFilter
    | ContaminationFilter
    | ImagesFilter
    | CuesFilter
    | PassRateFilter
)
#: one filter, told apart by `by`
AnyFilter = Annotated[RowFilterConfig | ModelRule, Field(discriminator="by")]


class FilterConfig(Config):
    """One filtering of a table."""

    kind: Literal["filter"]
    """the kind of document"""
    data: DataConfig
    """the rows; `trace_column` says which column the filters of traces look at"""
    filters: Annotated[tuple[AnyFilter, ...], Field(min_length=1)]
    """the filters, in order"""
    asked: AskingModel | None = None
    """the model that pass_count, difficulty, blind and perplexity ask, and how"""

    @model_validator(mode="after")
    def _has_a_model(self) -> Self:
        asking = [each.by for each in self.filters if isinstance(each, ModelRule)]
        if asking and self.asked is None:
            raise ValueError(f"filter {asking[0]} without asked; expected the section of the model that it asks")
        return self
