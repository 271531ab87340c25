r"""Reading the answer out of a response that was asked for in no or another form, as evaluation harnesses do.

A chain of named rules, tried in order after the last </think>; the first that finds something decides, and its name is
kept with the verdict. Later answers win over earlier ones, as in every published harness; training uses the strict
`extract` instead, which pays nothing for several answers.

| rule | finds | after |
|---|---|---|
| tags | the last <answer> … </answer> | 2504.11468, R1-V |
| boxed | the last \boxed{}, with those that only "and", "or", commas divide from it | MATH (2103.03874), math-verify |
| stated | what follows the last "answer is", "Answer:", "####" | GSM8K (2110.14168), minerva (2206.14858), VLMEvalKit |
| option, option-text | the only option letter or option text named | MMMU; VLMEvalKit's can_infer |
| yes-no | the last yes or no | MME, VLMEvalKit |
| bracketed | the last [ … ] or ( … ), for boxes, lists, permutations | grounding harnesses |
| value | the last $ … $ or \[ … \], or the last number where that comes later | math-verify |
| number | the last number | GSM8K harnesses (lm-evaluation-harness: flexible-extract) |
| whole | all of a short response | exact-match harnesses |
"""

import re
from collections.abc import Callable
from string import ascii_uppercase

from synergy.grading.answer_forms import last_boxes, num_joined, tag_contents
from synergy.grading.answers.wrapping import unwrap
from synergy.grading.extract import Extraction, after_thinking
from synergy.records import AnswerKind, Problem

#: Only so much of the end of a response is looked at by the rules that search: it bounds their time.
_MAX_SEARCHED_CHARACTERS = 20_000
_MAX_WHOLE_CHARACTERS = 200
_NUMERIC = frozenset({AnswerKind.INTEGER, AnswerKind.NUMBER, AnswerKind.DIGIT})
_SHAPED = frozenset({AnswerKind.BOX, AnswerKind.PERMUTATION, AnswerKind.LIST})

_STATED = re.compile(
    r"""(?:\#\#\#\#|
        (?:(?:final|correct|right|best)\s+)*\b(?:answer|solution|choice|option)\s*
            (?:(?:to\s+(?:the|this)\s+(?:question|problem)|here|would|should|must)\s*)*
            (?:\*\*)?\s*(?::|：|=|\bis\b:?|\bbe\b:?)|
        答案(?:是|为|：|:))
        (?:\*\*)?\s*:?\s*(?P<answer>[^\n]{1,2000})""",
    re.VERBOSE | re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[^\s.][.;])\s+(?=[A-Z\\I])|(?:,|\s)\s*(?:because|since|as)\s|<|\*\*\s|\. I hope")
_FORMULA = re.compile(
    r"(?:\$\$(.+?)\$\$|\\\[(.+?)\\\]|\\\((.+?)\\\)|(?<![\\$])\$([^$\n]+)\$)(?P<percent>\s?(?:\\?%|percent))?", re.DOTALL
)
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.])[-+\u2212]?\s?(?:[$€£]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+)"
    r"(?:/[0-9]+)?(?:\s?\\?%)?"
)
_WORD = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{4,}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")  # or signs of CJK scripts
_BRACKETED = re.compile(r"[\[(][^\[\]()]{1,400}[\])]")
_YES_NO = re.compile(r"(?<![a-z])(?:yes|no|true|false)(?![a-z])", re.IGNORECASE)
_LEADING_OPTION = re.compile(r"[\s*]*(?:\(([A-Z])\)|([A-Z])(?:[.):。、]|,?\s+(?:not|because|since|which)\b))")
_WORD_OPTION = re.compile(r"(?:option|choice)\s*\(?([A-Z])\b")
_DRESSED = re.compile(r"(?<![A-Za-z0-9])(?:\(([A-Z])\)|([A-Z])(?=[.):,]|\s*$|\n)|\*\*([A-Z])\*\*)")
_BARE = re.compile(r"(?<![A-Za-z0-9'’])([A-Z])(?![A-Za-z0-9'’])")


def extract_freely(text: str, problem: Problem) -> Extraction:
    """The answer by the first rule that finds one, "extract/<rule>"; as `extract` has it where there is none."""
    conclusion = after_thinking(text)
    if conclusion is None:
        return Extraction(None, "extract/unfinished-thinking")
    searched = conclusion[-_MAX_SEARCHED_CHARACTERS:]
    for name, rule in _rules(problem):
        answer = rule(searched, problem)
        if answer:
            return Extraction(answer, f"extract/{name}")
    return Extraction(None, "extract/none")


Rule = Callable[[str, Problem], str | None]


def _rules(problem: Problem) -> list[tuple[str, Rule]]:
    rules: list[tuple[str, Rule]] = [("tags", _in_tags), ("boxed", _in_boxes), ("stated", _stated)]
    kind = problem.answer_kind
    if kind is AnswerKind.OPTION:
        rules += [("option", _option), ("option-text", _option_text)]
    elif kind is AnswerKind.YES_NO:
        rules.append(("yes-no", _yes_no))
    elif kind in _SHAPED:
        rules.append(("bracketed", _bracketed))
    elif kind in _NUMERIC:
        rules.append(("number", _number))
    elif kind is AnswerKind.EXPRESSION:
        rules += [("short", _short), ("value", _value)]
    return [*rules, ("whole", _whole)]


def _in_tags(text: str, problem: Problem) -> str | None:
    found = [content for content in tag_contents(text) if content.strip()]
    return (_in_boxes(found[-1], problem) or found[-1].strip()) if found else None


def _in_boxes(text: str, problem: Problem) -> str | None:
    return ", ".join(boxes) if (boxes := last_boxes(text)) else None


def _stated(text: str, problem: Problem) -> str | None:
    """What the last statement says, for options the letter in it."""
    found = list(_STATED.finditer(text))
    for match in reversed(found):
        answer = _SENTENCE_END.split(match["answer"].strip(), maxsplit=1)[0].strip(" *:\t")
        if answer := _of_kind(answer, problem):
            return answer
    return None


def _of_kind(text: str, problem: Problem) -> str | None:
    """The part of a stated answer that is of the problem's kind."""
    kind = problem.answer_kind
    if kind is AnswerKind.OPTION:
        return _option(text, problem) or _option_text(text, problem)
    if kind is AnswerKind.EXPRESSION:
        return _value(text, problem) or text.strip(" .") or None
    if kind in _NUMERIC:
        return _number(text, problem)
    return text.strip(" .") or None


def _option(text: str, problem: Problem) -> str | None:
    """The letter that the text starts with, else the only one in a dress, else the only bare one."""
    letters = set(ascii_uppercase[: len(problem.choices)])
    stripped = unwrap(text)
    if len(stripped) == 1 and stripped.upper() in letters:
        return stripped.upper()
    if (leading := _LEADING_OPTION.match(text)) and (leading[1] or leading[2]) in letters:
        return leading[1] or leading[2]
    for pattern in (_WORD_OPTION, _DRESSED):
        found = [letter for match in pattern.findall(text) for letter in _letters_of(match) if letter in letters]
        if found:
            return found[-1] if pattern is _WORD_OPTION or len(set(found)) == 1 else None
    # "A" and "I" are words: only where they are all that is named
    bare = {letter for letter in _BARE.findall(text) if letter in letters}
    return bare.pop() if len(bare) == 1 and bare != {"A"} and bare != {"I"} else None


def _letters_of(match: str | tuple[str, ...]) -> list[str]:
    return [match] if isinstance(match, str) else [letter for letter in match if letter]


def _option_text(text: str, problem: Problem) -> str | None:
    """The letter of the only choice whose text stands in the response."""
    lowered = f" {' '.join(text.casefold().split())} "
    found = [
        letter
        for letter, choice in zip(ascii_uppercase, problem.choices, strict=False)
        if choice.strip()
        and re.search(rf"(?<!\w){re.escape(' '.join(unwrap(choice).casefold().split()))}(?!\w)", lowered)
    ]
    return found[0] if len(found) == 1 else None


def _yes_no(text: str, problem: Problem) -> str | None:
    found = _YES_NO.findall(text)
    return found[-1] if found else None


def _bracketed(text: str, problem: Problem) -> str | None:
    found = _BRACKETED.findall(text)
    return found[-1] if found else None


def _value(text: str, problem: Problem) -> str | None:
    """The last formula between dollars or brackets, or the last number where that stands after it."""
    formulas = [match for match in _FORMULA.finditer(text) if _content(match)]
    numbers = list(_NUMBER.finditer(text))
    last_number = numbers[-1] if numbers else None
    if formulas and (last_number is None or last_number.start() < formulas[-1].end()):
        num = num_joined(text, [match.span() for match in formulas])
        return ", ".join(_content(match) for match in formulas[len(formulas) - num :])
    return last_number[0].strip() if last_number else None


def _content(match: re.Match[str]) -> str:
    formula = next(filter(None, match.groups()), "").strip()
    return f"{formula}\\%" if match["percent"] else formula


def _number(text: str, problem: Problem) -> str | None:
    found = _NUMBER.findall(text)
    return found[-1].strip() if found else None


def _short(text: str, problem: Problem) -> str | None:
    """All of a response that is a formula and nothing else: it has no word that is longer than a function's name."""
    stripped = text.strip()
    is_bare = len(stripped) <= _MAX_WHOLE_CHARACTERS and not _WORD.search(stripped)
    return stripped if is_bare and "$" not in stripped.strip("$") else None


def _whole(text: str, problem: Problem) -> str | None:
    stripped = text.strip()
    return stripped if len(stripped) <= _MAX_WHOLE_CHARACTERS else None
