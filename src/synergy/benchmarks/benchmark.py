"""What a benchmark is: a description that its own file fills in. Knows nothing about models or protocols."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from synergy.records import Problem, Verdict

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class HubTable:
    """Where the benchmark is on the Hugging Face hub."""

    repository: str
    split: str
    name: str | None = None  #: which of the repository's configurations, None for the only one


@dataclass(frozen=True, kw_only=True)
class Graded:
    """One attempt at one problem with the verdict that is being summed up."""

    problem: Problem
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Value:
    """A metric's value with what it is out of."""

    value: float  #: in [0, 1]
    num: int  #: of how many problems, groups or parts it is the mean: its denominator


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """Upstream's demand on the answer's format, to the letter, white space that joins it to the question included."""

    before: str = ""  #: put before the question
    after: str = ""  #: put after the question and its options
    alone: bool = (
        False  #: whether it is all of the text: the question stands in the picture, `Problem.question` is ours
    )


def put(problem: Problem, instruction: Instruction | None) -> str:
    """The user text, images apart: the problem's question with an instruction, or as it is for None."""
    if instruction is None:
        return problem.question
    return f"{instruction.before}{'' if instruction.alone else problem.question}{instruction.after}"


#: What upstream demands for a problem; None where it demands nothing.
Demand = Callable[[Problem], Instruction | None]
#: Sums up one run: every problem once. Keys are the benchmark's own metric names, such as "average" and "worst_case".
Metrics = Callable[[Sequence[Graded]], Mapping[str, Value]]
#: A rule of the benchmark's authors that needs no judge: the verdict on a response, `Verdict.rule` "official/…".
OfficialRule = Callable[[Problem, str], Verdict]


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """One benchmark."""

    name: str  #: on the command line: "mathvista"
    title: str  #: in tables: "MathVista testmini"
    source: str  #: paper and code that this file follows
    hub: HubTable | None  #: None where its data are published as files only
    tsv: str | None  #: its name in VLMEvalKit: "MathVista_MINI"; None for text-only benchmarks
    #: upstream's own demand on the answer's format, for protocols that ask for it: with a `tsv`, what VLMEvalKit's
    #: build_prompt adds under that name. White space after a question without a demand is not kept.
    instruction: Demand
    #: the demand for reasoning first, where VLMEvalKit has the same data under a name that ends in "_COT" or "_cot"
    instruction_cot: Demand | None = None
    columns: Sequence[str]  #: what a row must have in every layout that `read` knows; "a|b" for one of several
    read: Callable[[Row], Problem]  #: raises InputError for a row that makes no problem; image columns are decoded
    official: OfficialRule
    official_source: str  #: where that rule is from, and what of it needs a judge upstream and is left out here
    metrics: Metrics
    main_metric: str  #: the key that tables show

    def asked(self, problem: Problem) -> str:
        """The complete user text as upstream puts it, images apart: the question with `instruction`."""
        return put(problem, self.instruction(problem))
