"""The pocket tokenizer: byte-level BPE of about 1,000 entries, so that any UTF-8 text round-trips."""

from collections.abc import Iterable, Iterator

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from synergy.pocket.families import FAMILIES
from synergy.pocket.world import items
from synergy.prompts import PRESETS

END, PAD = "<|im_end|>", "<|endoftext|>"
IMAGE, VIDEO = "<|image_pad|>", "<|video_pad|>"
SPECIAL = (PAD, "<|im_start|>", END, "<|vision_start|>", "<|vision_end|>", IMAGE, VIDEO)
#: one token each, but kept when special tokens are stripped from a decoded text, as Qwen3 does
REASONING = ("<think>", "</think>")

#: a word, one digit, or a run of anything else, each with the space before it: no token holds two digits
_SPLIT = r" ?[A-Za-z]+| ?\d| ?[^\sA-Za-z\d]+|\s+"
_NUM_ITEMS = 6_000
_WORD_REPEATS = 5

#: ordinary words of questions outside the pocket, so that other people's texts do not fall to single bytes
_COMMON = """
the of and to in is that it for as with on by at be this are from or an which you not have has can will one two three
four five six if then than when where what how many much each all both other more most less least some any no yes
figure diagram graph shown below above following given find calculate determine value number numbers length width
height area perimeter volume angle angles degree degrees triangle rectangle square circle radius diameter line lines
point points segment parallel perpendicular equal equation function solve let because therefore so since thus hence
answer question choose option correct picture image shape pattern missing part replace question mark size small
medium large colour color white black orange grey first second third next last left right top bottom middle outside
inside side sides row column grid cell dot bar text total sum difference product ratio percent probability mean time
hour minute day week year cost price dollars apples books people students school car train distance speed km cm mm
frac sqrt pi sin cos tan log times div cdot leq geq neq infty left right begin end text boxed alpha beta theta
"""


def corpus() -> Iterator[str]:
    """What the merges are learned from: questions, traces, captions and text twins of the training split."""
    for item in items("train", _NUM_ITEMS, families=tuple(FAMILIES), seed=1):
        question = item.question()
        for preset in PRESETS.values():
            yield preset.user_text(question)
        yield preset.system or ""
        for demonstration in (item.short(), item.long()):
            yield demonstration.trace
        yield item.caption()
        yield item.task.twin_context()
    for _ in range(_WORD_REPEATS):
        yield _COMMON.replace("\n", " ")


def train_tokenizer(vocabulary_size: int, texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """A tokenizer of exactly `vocabulary_size` entries, special ones included."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size - len(SPECIAL) - len(REASONING),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in SPECIAL])
    tokenizer.add_tokens([AddedToken(text, special=False, normalized=False) for text in REASONING])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=PAD,
        extra_special_tokens={"image_token": IMAGE},
        clean_up_tokenization_spaces=False,
        model_max_length=4096,
        padding_side="left",
    )
