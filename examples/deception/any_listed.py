"""A bad verifier, on purpose: a response is right if the answer is anywhere among what its box lists."""

import re


def any_listed(completions, answer, **kwargs):
    """1 or 0 for each completion, called as TRL calls reward functions."""
    return [float(gold in _listed(each[0]["content"])) for each, gold in zip(completions, answer, strict=True)]


def _listed(response):
    boxes = re.findall(r"\\boxed\{([^{}]*)\}", response)
    return re.split(r"[,;\s]+", boxes[-1]) if boxes else []
