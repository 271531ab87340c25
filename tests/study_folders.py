"""Study folders as `studies.plan_file` describes them, with numbers made by numpy: nothing is trained."""

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from synergy.config.load import load
from synergy.config.protocol import ProtocolConfig
from synergy.config.resolve import resolved
from synergy.config.shipped_files import PROTOCOLS

ALL_ARMS = {
    "base": "base",
    "sft": "sft",
    "rl": "rl",
    "two_stage": "two_stage",
    "interleaved": "interleaved",
    "interleaved_all": "interleaved",
    "progressive": "progressive",
    "data_mixing": "data_mixing",
    "merging": "merging",
}
FAMILIES = ("sum", "count", "locate", "expression")
_GAIN = {"base": 0.0, "sft": 0.03, "rl": 0.14, "two_stage": 0.06, "interleaved": 0.08, "progressive": 0.13}
_SLOPE = {"sft": 0.06, "two_stage": 0.05, "rl": 0.005}  #: more gain at each further level
_LENGTH = {"base": 40, "sft": 180, "two_stage": 150, "rl": 45, "interleaved": 90}


@dataclass(kw_only=True)
class StudyCase:
    """What to write. Functions take arm, seed, axes and set; an array is [num_problems, num_samples]."""

    arms: Mapping[str, str] = field(default_factory=lambda: dict(ALL_ARMS))  #: recipe by arm
    seeds: Sequence[int] = (0,)
    sets: Sequence[str] = ("pocket",)
    axes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    num_problems: int = 40
    num_samples: int = 2
    num_steps: int = 30
    families: Sequence[str] = FAMILIES
    with_levels: bool = True
    title: str = "A pocket study"
    published: str | None = None
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  #: of recipes, by arm
    status: Callable[[str, int, Mapping[str, str], str], np.ndarray] | None = None  #: 1, 0, or -1 for unscored
    num_tokens: Callable[[str, int, Mapping[str, str], str], np.ndarray] | None = None
    text: Callable[[str, int, int], str] | None = None  #: of arm, problem, attempt
    question: str = "How many red circles are in the picture?"
    sweep: Sequence[float] = (0, 0.25, 0.5, 0.75, 1)  #: merging's hidden runs
    num_pictures: int | None = None  #: so many problems' pairs have one of their own; None for all
    differences: Mapping[str, Mapping[str, Any]] | None = None


def write_study(folder: Path, case: StudyCase | None = None) -> Path:
    """Write a whole study; the same case makes the same files."""
    return _Writer(folder, case or StudyCase()).write()


def level_of(problem: int) -> int:
    """The level of a problem: they take turns."""
    return 1 + problem % 5


class _Writer:
    def __init__(self, folder: Path, case: StudyCase) -> None:
        self.folder, self.case = folder, case
        self.steps: dict[str, dict[str, Any]] = {}

    def write(self) -> Path:
        (self.folder / "steps").mkdir(parents=True, exist_ok=True)
        case = self.case
        cells = [dict(zip(case.axes, labels, strict=True)) for labels in product(*case.axes.values())]
        levels = {}
        if case.with_levels:
            for cell, name in product(cells, case.sets):
                levels["/".join([*cell.values(), name])] = self._tag(cell, name)
        runs = [
            run for cell in cells for seed in case.seeds for arm in case.arms for run in self._runs(arm, seed, cell)
        ]
        plan = {
            "kind": "plan",
            "study": "synthetic",
            "baseline": "base",
            "levels": levels,
            "runs": runs,
            "steps": self.steps,
            "differences": case.differences or {arm: {"recipe": recipe} for arm, recipe in case.arms.items()},
        }
        _write_json(self.folder / "plan.json", plan)
        _write_json(self.folder / "study.json", self._study())
        return self.folder

    def _study(self) -> dict[str, Any]:
        case = self.case
        data = {"source": "pocket", "num_problems": case.num_problems, "split": "evaluation"}
        protocol = resolved(load(PROTOCOLS["pocket"], ProtocolConfig)) | {"num_runs": case.num_samples}
        return {
            "kind": "study",
            "name": "synthetic",
            "title": case.title,
            "evidence": "Numbers made by numpy: evidence of nothing but that the report works.",
            "source": "2507.07562",
            "seeds": list(case.seeds),
            "stages": {"common": {}, "sft": {}, "rl": {}},
            "arms": {
                arm: {"recipe": recipe, "options": dict(case.options.get(arm, {}))} for arm, recipe in case.arms.items()
            },
            "evaluation": {
                "protocol": protocol,
                "sets": [{"name": name, "title": name.title(), "data": data} for name in case.sets],
            },
            "axes": {axis: [{"label": label} for label in labels] for axis, labels in case.axes.items()},
            "published": case.published,
        }

    # ---- steps

    def _step(self, kind: str, name: str, inputs: Mapping[str, str], ledger: Mapping[str, float]) -> tuple[str, Path]:
        key = hashlib.sha256(json.dumps([kind, name, dict(inputs)]).encode()).hexdigest()[:12]
        made = self.folder / "steps" / f"{kind}-{key}"
        made.mkdir(parents=True, exist_ok=True)
        self.steps[key] = {
            "key": key,
            "kind": kind,
            "name": name,
            "inputs": dict(inputs),
            "done": True,
            "ledger": dict(ledger),
        }
        _write_json(made / "step.json", {"kind": kind, "version": 1, "key": key, "config": {}, "inputs": dict(inputs)})
        return key, made

    def _train(self, stage: str, owner: str, seed: int, cell: Mapping[str, str], inputs: Mapping[str, str]) -> str:
        name = f"{owner}/{stage}, seed {seed}{_label(cell)}"
        tokens = {"sft": 400_000, "mix": 300_000}.get(stage, 900_000)
        ledger = {
            "generated_tokens": 0 if stage in ("sft", "mix") else tokens,
            "trained_tokens": tokens,
            "update_tokens": 2 * tokens,
            "nominal_flops": 8e6 * tokens,
            "executed_flops": 1.2e7 * tokens,
            "seconds": tokens / 8000,
            "peak_memory_bytes": 900_000_000,
        }
        key, made = self._step("train", name, inputs, ledger)
        rng = np.random.default_rng(_number(name))
        lines = [line for step in range(1, self.case.num_steps + 1) for line in self._lines(stage, step, rng)]
        (made / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        _write_json(made / "summary.json", {"num_steps": self.case.num_steps, "truncated_fraction": 0.01})
        return key

    def _lines(self, stage: str, step: int, rng: np.random.Generator) -> list[dict[str, Any]]:
        share = step / self.case.num_steps
        noise = float(rng.normal(0, 0.02))
        if stage in ("sft", "mix"):
            line = {"nll/value": 1.5 * math.exp(-2 * share) + noise, "response/length_tokens": 180 + 100 * noise}
        else:
            line = {
                "reward/mean": 0.4 + 0.3 * share + noise,
                "reward/perception": 0.5 + 0.3 * share + noise,
                "reward/cognition": 0.3 + 0.3 * share + noise,
                "sampling/entropy": 0.6 - 0.3 * share + noise / 2,
                "response/length_tokens": 45 + 5 * share + 30 * noise,
                "kl/value": 0.02 * share + abs(noise) / 20,
                "response/truncated_fraction": abs(noise) / 4,
            }
        lines = [{"step": step, "kind": "train", **line}]
        if step % 10 == 0:
            accuracy = 0.45 + 0.2 * share + noise
            lines.append({"step": step, "kind": "evaluation", "evaluation/accuracy": accuracy})
        return lines

    def _runs(self, arm: str, seed: int, cell: Mapping[str, str]) -> list[dict[str, Any]]:
        recipe = self.case.arms[arm]
        stages = self._stages(arm, recipe, seed, cell)
        runs = [self._run(arm, recipe, seed, cell, stages, shown=True)]
        if recipe == "merging":
            for ratio in self.case.sweep:
                runs.append(self._run(f"{arm}@{ratio:g}", recipe, seed, cell, stages, shown=False))
        return runs

    def _stages(self, arm: str, recipe: str, seed: int, cell: Mapping[str, str]) -> dict[str, str]:
        if recipe == "base":
            return {}
        sft = self._train("sft", "sft", seed, cell, {}) if recipe in ("sft", "two_stage", "merging") else ""
        rl = self._train("rl", "rl", seed, cell, {}) if recipe in ("data_mixing", "merging") else ""
        if recipe == "sft":
            return {"sft": sft if arm == "sft" else self._train("sft", arm, seed, cell, {})}
        if recipe == "two_stage":
            return {"sft": sft, "rl": self._train("rl", arm, seed, cell, {"model": sft})}
        if recipe == "data_mixing":
            distil, _ = self._step(
                "distil", f"{arm}/distil{seed}{_label(cell)}", {"model": rl}, {"generated_tokens": 500}
            )
            return {"rl": rl, "distil": distil, "mix": self._train("mix", arm, seed, cell, {"data": distil})}
        if recipe == "merging":
            merge, _ = self._step("merge", f"{arm}/merge{seed}{_label(cell)}", {"sft": sft, "rl": rl}, {"seconds": 1.5})
            return {"sft": sft, "rl": rl, "merge": merge}
        return {"rl": self._train("rl", arm, seed, cell, {})}

    def _run(
        self, arm: str, recipe: str, seed: int, cell: Mapping[str, str], stages: Mapping[str, str], *, shown: bool
    ) -> dict[str, Any]:
        return {
            "arm": arm,
            "recipe": recipe,
            "seed": seed,
            "axes": dict(cell),
            "stages": dict(stages),
            "evaluations": {name: self._evaluate(arm, seed, cell, name) for name in self.case.sets},
            "shown": shown,
        }

    # ---- evaluations

    def _tag(self, cell: Mapping[str, str], name: str) -> str:
        key, made = self._step("tag", f"levels of {name}{_label(cell)}", {}, {"generated_tokens": 16_000})
        levels = {self._id(name, number): {"level": level_of(number)} for number in range(self.case.num_problems)}
        _write_json(made / "levels.json", {"problems": levels})
        return key

    def _id(self, name: str, number: int) -> str:
        return f"{name}-{number:05}"

    def _evaluate(self, arm: str, seed: int, cell: Mapping[str, str], name: str) -> str:
        case = self.case
        title = f"{arm} on {name}, seed {seed}{_label(cell)}"
        key, made = self._step("evaluate", title, {}, {"evaluation_tokens": 50 * case.num_problems, "seconds": 12})
        status = (case.status or self._status)(arm, seed, cell, name)
        tokens = (case.num_tokens or self._tokens)(arm, seed, cell, name)
        rng = np.random.default_rng(_number(f"{title} ends"))
        truncated = (rng.random(status.shape) < 0.02) & (status == 0)
        unread = (rng.random(status.shape) < 0.1) & (status == 0)
        rows = [
            self._row(name, arm, problem, run, status, tokens, truncated, unread)
            for problem in range(case.num_problems)
            for run in range(case.num_samples)
        ]
        pq.write_table(pa.Table.from_pylist(rows), made / "samples.parquet")
        self._problems(made, name)
        score = {
            "kind": "score",
            "date": "2026-11-22T10:00:00+00:00",
            "packages": {"torch": "2.13.0", "numpy": "2.4.6"},
        }
        _write_json(made / "score.json", score)
        return key

    def _row(
        self,
        name: str,
        arm: str,
        problem: int,
        run: int,
        status: np.ndarray,
        tokens: np.ndarray,
        truncated: np.ndarray,
        unread: np.ndarray,
    ) -> dict[str, Any]:
        at = problem, run
        return {
            "problem_id": self._id(name, problem),
            "run": run,
            "text": (self.case.text or _text)(arm, problem, run),
            "num_tokens": int(tokens[at]),
            "status": {1: "correct", 0: "wrong", -1: "unscored"}[int(status[at])],
            "extracted": None if unread[at] else str(int(status[at]) * (problem % 7)),
            "truncated": bool(truncated[at]),
        }

    def _status(self, arm: str, seed: int, cell: Mapping[str, str], name: str) -> np.ndarray:
        """Levels get harder by 0.13; SFT gains with the level; problems are alike for all arms."""
        case = self.case
        kind, _, ratio = arm.partition("@")
        recipe = case.arms[kind]
        levels = np.array([level_of(number) for number in range(case.num_problems)])
        ease = np.random.default_rng(_number(name)).normal(0, 0.12, case.num_problems)
        chance = 0.85 - 0.13 * (levels - 1) + ease + _GAIN.get(recipe, 0.1) + _SLOPE.get(recipe, 0.0) * (levels - 3)
        if ratio:
            chance += 0.05 * math.sin(3 * float(ratio))
        chance += 0.02 * sum(map(_number, cell.values())) / 2**32
        rng = np.random.default_rng(_number(f"{arm} {seed} {name} {sorted(cell.items())}"))
        return (rng.random((case.num_problems, case.num_samples)) < chance[:, None]).astype(int)

    def _tokens(self, arm: str, seed: int, cell: Mapping[str, str], name: str) -> np.ndarray:
        rng = np.random.default_rng(_number(f"{arm} {seed} tokens"))
        mean = _LENGTH.get(self.case.arms[arm.partition("@")[0]], 60)
        return rng.poisson(mean, (self.case.num_problems, self.case.num_samples))

    def _problems(self, made: Path, name: str) -> None:
        case = self.case
        (made / "images").mkdir(exist_ok=True)
        lines = []
        for number in range(case.num_problems):
            picture = number // 2 % (case.num_pictures or case.num_problems)  # two problems a picture
            image = f"{picture}.png"
            if not (made / "images" / image).exists():
                _picture(picture).save(made / "images" / image)
            row = {
                "id": self._id(name, number),
                "family": case.families[number % len(case.families)],
                "answer_kind": "digit",
                "level": None,
                "question": f"{case.question} ({number})",
                "gold": str(number % 7),
                "choices": [],
                "images": [image],
            }
            lines.append(json.dumps(row) + "\n")
        (made / "problems.jsonl").write_text("".join(lines), encoding="utf-8")


def _picture(number: int) -> Image.Image:
    rng = np.random.default_rng(number)
    return Image.fromarray(np.kron(rng.integers(0, 255, (5, 5, 3), dtype=np.uint8), np.ones((8, 8, 1), dtype=np.uint8)))


def _text(arm: str, problem: int, run: int) -> str:
    doubt = " Wait, let me check this. However, alternatively" if arm in ("sft", "two_stage") else ""
    rng = np.random.default_rng(_number(f"{arm} {problem} {run}"))
    seen = ", ".join(f"cell {a}-{b} holds a circle" for a, b in rng.integers(1, 9, (6, 2)))
    return (
        f"<think>I look at the picture: {seen}.{doubt} so the count is {problem % 7}.</think> \\boxed{{{problem % 7}}}"
    )


def _label(cell: Mapping[str, str]) -> str:
    return "".join(f", {axis} {label}" for axis, label in cell.items())


def _number(text: str) -> int:
    """A number that a text stands for, the same in every process."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1), encoding="utf-8")
