"""An arm's export as a folder: NOT_THE_SAME.md, and a sub-folder a stage with configuration, data and reward."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from synergy.config.data import DataConfig
from synergy.data.formats.target_table import TargetTable
from synergy.errors import FileError, InputError
from synergy.exports.easyr1 import EASYR1
from synergy.exports.llamafactory import LLAMAFACTORY
from synergy.exports.problems import write_problems
from synergy.exports.stages import ArmStages, Stage
from synergy.exports.target import Place, Target, Written
from synergy.exports.verl import VERL
from synergy.prompts import get_preset
from synergy.recipes.step import checkpoint_folder

TARGETS: Mapping[str, Target] = {each.name: each for each in (LLAMAFACTORY, VERL, EASYR1)}
NOT_THE_SAME = "NOT_THE_SAME.md"
OnProgress = Callable[[str, int, int], None]


def write_export(
    arm: ArmStages, target: Target, out: Path, options: Mapping[str, str], on_progress: OnProgress
) -> dict[str, Written]:
    """What was written of each stage; the others are of another framework's kind.

    Raises InputError where no stage is of the target's kind or one cannot be expressed at all, before anything is
    written; FileError where the folder can't be.
    """
    stages = [stage for stage in arm.stages if stage.config.imitates == target.imitates]
    if not stages:
        kinds = ", ".join(f"{stage.name} ({stage.config.algorithm.name})" for stage in arm.stages) or "no training"
        fit = [name for name, each in TARGETS.items() if each.imitates != target.imitates] if arm.stages else []
        hint = f"--to {' or '.join(fit)}" if fit else "an arm that trains"
        raise InputError(
            f"arm {arm.arm}: {target.name} trains by {_kind(target)}, the arm has {kinds}; expected {hint}"
        )
    places = {stage.name: _place(stage, target) for stage in stages}
    written = {stage.name: target.write(stage, places[stage.name], options) for stage in stages}
    for stage in stages:
        _write_data(stage, target, out, on_progress)
        _write_files(written[stage.name], target, out / stage.name)
    _write_text(out / NOT_THE_SAME, _others(out, target) + _not_the_same(arm, target, written, places))
    return written


def commands(written: Mapping[str, Written], target: Target) -> list[str]:
    """What to run in the export's folder, in order."""
    return [
        target.command.format(config=f"{stage}/{target.name}.yaml", folder=stage, stem=target.name) for stage in written
    ]


def _kind(target: Target) -> str:
    return "imitation" if target.imitates else "reinforcement"


def _place(stage: Stage, target: Target) -> Place:
    start = stage.starts_from
    validates = stage.config.evaluation is not None and not target.imitates
    return Place(
        folder=stage.name,
        model=checkpoint_folder(stage.config.model.checkpoint) if start is None else f"{start}/model",
        train=f"{stage.name}/train{target.suffix}",
        validation=f"{stage.name}/validation{target.suffix}" if validates else None,
    )


def _write_data(stage: Stage, target: Target, out: Path, on_progress: OnProgress) -> None:
    config, preset = stage.config, get_preset(stage.config.prompt)
    parts: dict[str, tuple[DataConfig, int | None]] = {"train": (config.data, None)}
    if config.evaluation is not None and config.validation_data is not None and not target.imitates:
        parts["validation"] = (config.validation_data, config.evaluation.num_problems)
    for part, (data, most) in parts.items():
        table = TargetTable(out / stage.name / f"{part}{target.suffix}", target.data, preset)
        title = f"{stage.name}/{part}"

        def show(done: int, num: int, title: str = title) -> None:
            on_progress(title, done, num)

        write_problems(data, table, most=most, on_progress=show)


def _write_files(written: Written, target: Target, folder: Path) -> None:
    text = yaml.safe_dump(dict(written.config), sort_keys=False, allow_unicode=True)
    _write_text(folder / f"{target.name}.yaml", text)
    for name, content in written.files.items():
        _write_text(folder / name, content)


def _heading(target: Target) -> str:
    return f"# What {target.name} does otherwise"


def _others(out: Path, target: Target) -> str:
    """What the file says of other frameworks, whose stages may lie in the same folder."""
    path = out / NOT_THE_SAME
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(f"{path}: cannot be read ({error}); give another --out") from None
    headings = {name: _heading(each) for name, each in TARGETS.items() if name != target.name}
    sections = [f"# {part}".rstrip() for part in re.split(r"^# ", text, flags=re.MULTILINE)[1:]]
    kept = [part for part in sections if part.partition("\n")[0] in headings.values()]
    return "".join(f"{part}\n\n" for part in kept)


def _not_the_same(arm: ArmStages, target: Target, written: Mapping[str, Written], places: Mapping[str, Place]) -> str:
    lines = [
        _heading(target),
        "",
        f"Study {arm.study}, arm {arm.arm}, seed {arm.seed}, for {target.name} {target.version}. Not run there.",
        "",
        "Run in this folder, in this order:",
        "```",
        *commands(written, target),
        "```",
    ]
    for stage in arm.stages:
        lines += ["", f"## Stage {stage.name}"]
        if stage.name not in written:
            fit = " or ".join(name for name, each in TARGETS.items() if each.imitates == stage.config.imitates)
            lines.append(f"- {stage.config.algorithm.name}: not for {target.name}; export it with --to {fit}")
            continue
        if stage.starts_from is not None:
            lines.append(
                f"- it starts from {places[stage.name].model}: put the model of stage {stage.starts_from} there"
            )
        lines += [f"- {difference}" for difference in written[stage.name].differences]
    lines += [f"\n## Step {name}\n- no training: {target.name} has nothing for it" for name in arm.others]
    return "\n".join(lines) + "\n"


def _write_text(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    except OSError as error:
        raise FileError(f"{path}: cannot be written ({error.strerror}); give another --out") from None
