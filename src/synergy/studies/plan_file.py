"""`plan.json` in a study's folder: which steps make which arm, and where each step's files are.

The contract between what runs a study and what reports on it; nothing else has to be known to read a study:

    STUDY/study.json            the resolved study config
    STUDY/plan.json             this file
    STUDY/steps/KIND-KEY/       a finished step (unfinished ones are in STUDY/building/)
        step.json               kind, version, key, config, inputs, seconds, ledger
        train:    config.json metrics.jsonl summary.json model/ rollouts/
        evaluate: score.json samples.parquet problems.jsonl images/
        tag:      levels.json and what evaluate has
        merge:    model/ merge.json
        choose:   data.parquet chosen.json
        distil:   data.parquet counts.json
"""

from pathlib import Path
from typing import Literal

from pydantic import JsonValue

from synergy.config.base import Config
from synergy.config.load import load
from synergy.config.resolve import write_resolved
from synergy.recipes.step import StepKind


class LedgerPart(Config):
    """What a step has spent; tokens are of responses."""

    generated_tokens: int = 0
    """sampled to learn from, to tag or to distil"""
    evaluation_tokens: int = 0
    """sampled to measure, while training too"""
    trained_tokens: int = 0
    """response tokens with a gradient, every update counted"""
    update_tokens: int = 0
    """through forward and backward passes, prompts included"""
    images: int = 0
    """encoded"""
    nominal_flops: float = 0.0
    """2N a generated and 6N a trained response token (N: parameters), as the literature counts"""
    executed_flops: float = 0.0
    """2N a token generated, evaluation included, 6N a token of an update, prompts included; N of the language model"""
    seconds: float = 0.0
    """of the step's processes, this machine"""
    peak_memory_bytes: int = 0
    """of the first process"""


class PlannedStep(Config):
    """One step, made once however many arms use it."""

    key: str
    """hash of kind, version, config and inputs' keys"""
    kind: StepKind
    """what it does"""
    number: int = 0
    """its place in the order of work"""
    name: str
    """for people: two_stage/rl, seed 0"""
    inputs: dict[str, str]
    """keys of the steps it starts from, by role: model, sft, rl, data, levels"""
    is_base: bool = False
    """whether it makes the base model, which is charged to no arm"""
    done: bool
    """whether its folder is there"""
    ledger: LedgerPart | None
    """what it took; null until it is done"""
    estimated_seconds: float | None = None
    """how long it should take, where anything is known; of a finished step how long it took"""

    @property
    def folder(self) -> str:
        """Its folder below the study's."""
        return f"steps/{self.kind}-{self.key}"


class ArmRun(Config):
    """One arm with one seed in one cell of the axes."""

    arm: str
    """its name in the study"""
    recipe: str
    """how it is made"""
    seed: int
    """of everything random in it"""
    axes: dict[str, str]
    """the cell: label by axis; empty for a study without axes"""
    stages: dict[str, str]
    """keys of its training, choosing, distilling and merging steps by stage: {"sft": …, "rl": …}; files have them by
    name, `read_plan` in the order of work"""
    evaluations: dict[str, str]
    """keys of its evaluate steps by evaluation set"""
    shown: bool = True
    """False for runs that only feed a curve, such as the other ratios of a merging sweep"""


class PlanFile(Config):
    """All steps and who uses them."""

    kind: Literal["plan"]
    """the kind of document"""
    study: str
    """the study's name"""
    baseline: str
    """the arm that gains are measured against"""
    levels: dict[str, str]
    """by evaluation set, after the labels of its cell ("7b/pocket"), the key of the tag step whose levels count"""
    runs: tuple[ArmRun, ...]
    """every arm, seed and cell"""
    steps: dict[str, PlannedStep]
    """by key"""
    differences: dict[str, dict[str, JsonValue]]
    """by arm, the paths and values in which it differs from the baseline's settings"""


def read_plan(folder: Path) -> PlanFile:
    """The plan of a study's folder, stages in the order of work again; raises FileError or InputError."""
    plan = load(folder / "plan.json", PlanFile)

    def in_order(run: ArmRun) -> ArmRun:
        stages = sorted(run.stages.items(), key=lambda stage: plan.steps[stage[1]].number)
        return run.model_copy(update={"stages": dict(stages)})

    return plan.model_copy(update={"runs": tuple(map(in_order, plan.runs))})


def write_plan(plan: PlanFile, folder: Path) -> None:
    """Write it whole or not at all; raises FileError."""
    write_resolved(plan, folder / "plan.json")
