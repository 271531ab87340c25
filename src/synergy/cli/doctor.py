"""`synergy doctor`: what this machine and this installation have, what is missing, how to get it."""

import importlib.resources
import json
import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

import click
from packaging.requirements import Requirement
from rich.console import Console
from rich.table import Table
from rich.text import Text

from synergy.cli.options import json_option

DISTRIBUTION = "vlm-synergy"
GIB = 2**30

#: distributions that Synergy works without, and what they are for
OPTIONAL_PACKAGES = {
    "datasets": "data sets from the Hugging Face hub",
    "openpyxl": "responses that VLMEvalKit saved as xlsx",
    "torchvision": "image and video processors that need it",
    "peft": "LoRA",
    "vllm": "sampling on GPUs",
    "trackio": "tracking runs",
    "wandb": "tracking runs",
    "tensorboard": "tracking runs",
    "ray": "studies over several machines",
}
#: which extra of ours brings a package
EXTRAS = {
    "datasets": "data",
    "openpyxl": "xlsx",
    "peft": "lora",
    "vllm": "vllm",
    "trackio": "trackio",
    "wandb": "wandb",
    "tensorboard": "tensorboard",
}
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
WEIGHT_FILES = ("config.json", "model.safetensors")


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing looked at."""

    name: str
    found: str
    ok: bool = True
    required: bool = False
    mend: str = ""  #: how to get it, where it is not ok


@click.command(epilog="Example: synergy doctor --json > machine.json")
@click.option("--model", metavar="CHECKPOINT", help="Also load this model, a folder or hub id, and say how it runs.")
@json_option
@click.pass_context
def doctor(ctx: click.Context, model: str | None, as_json: bool) -> None:
    """Check this machine: Python, memory, package versions, accelerator, optional parts, pocket model, disk.

    The exit status is 0 where everything required is in place, 1 otherwise; optional parts may be missing.

    With --model, loads a checkpoint too: whether it runs as trees, several times faster, or by its own padded
    forward, and why.
    """
    checks = [*_machine(), *_required_packages(), *_torch(), *_optional_parts(), _pocket_weights()]
    if model:
        checks.append(_model(model))
    healthy = all(check.ok or not check.required for check in checks)
    if as_json:
        click.echo(json.dumps({"ok": healthy, "checks": [asdict(check) for check in checks]}, indent=2))
    else:
        Console().print(_table(checks))
        click.echo("Everything required is in place." if healthy else "Something required is missing or too old.")
    ctx.exit(0 if healthy else 1)


def _machine() -> Iterator[Check]:
    yield Check(name="python", found=platform.python_version())
    yield Check(name="platform", found=platform.platform())
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield Check(name="cores", found=f"{cores} usable")
    if hasattr(os, "sysconf"):  # absent on Windows
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        yield Check(name="memory", found=f"{memory / GIB:.1f} GiB")
    yield Check(name="disk", found=f"{shutil.disk_usage('.').free / GIB:.1f} GiB free in {Path.cwd()}")


def _required_packages() -> Iterator[Check]:
    """The installed version of each dependency, against the range that this version of Synergy declares."""
    try:
        declared = [Requirement(text) for text in metadata.requires(DISTRIBUTION) or []]
    except metadata.PackageNotFoundError:
        mend = f"pip install {DISTRIBUTION}, or pip install -e . in a checkout"
        yield Check(name=DISTRIBUTION, found="not installed", ok=False, required=True, mend=mend)
        return
    for requirement in declared:
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue  # it belongs to an extra, or to another platform
        version = _version(requirement.name)
        ok = version is not None and requirement.specifier.contains(version, prereleases=True)
        yield Check(
            name=requirement.name,
            found=f"{version or 'missing'} (needs {requirement.specifier})",
            ok=ok,
            required=True,
            mend="" if ok else f"pip install '{requirement}'",
        )


def _torch() -> Iterator[Check]:
    try:
        import torch  # here: it takes seconds, and no other part of this file needs it
    except (ImportError, OSError) as error:
        mend = "install torch as https://pytorch.org says for this machine"
        yield Check(name="torch import", found=str(error).splitlines()[0], ok=False, required=True, mend=mend)
        return
    yield Check(name="torch threads", found=str(torch.get_num_threads()))
    names = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("Apple GPU (mps)")
    yield Check(name="accelerator", found=", ".join(names) or "none seen; the pocket model needs none")


def _optional_parts() -> Iterator[Check]:
    for name, purpose in OPTIONAL_PACKAGES.items():
        version = _version(name)
        wanted = f"'{DISTRIBUTION}[{EXTRAS[name]}]'" if name in EXTRAS else name
        mend = "" if version else f"pip install {wanted}"
        yield Check(name=name, found=f"{version or 'missing'} ({purpose})", ok=version is not None, mend=mend)
    browser = next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)
    yield Check(
        name="chromium",
        found=f"{browser or 'missing'} (pictures of report pages)",
        ok=browser is not None,
        mend="" if browser else "install chromium by the system's package manager, such as apt install chromium",
    )


def _pocket_weights() -> Check:
    folder = importlib.resources.files("synergy") / "pocket" / "weights"
    missing = [name for name in WEIGHT_FILES if not (folder / name).is_file()]
    return Check(
        name="pocket model",
        found=f"{', '.join(missing)} missing in {folder}" if missing else str(folder),
        ok=not missing,
        required=True,
        mend=f"install {DISTRIBUTION} again: they are part of it" if missing else "",
    )


def _model(checkpoint: str) -> Check:
    from synergy.config.model import ModelConfig
    from synergy.models.loading import load_model

    loaded = load_model(ModelConfig(checkpoint=checkpoint))
    runs = "runs as trees" if loaded.path == "tree" else "runs by its own padded forward"
    return Check(name="model", found=f"{checkpoint} {runs}: {loaded.path_reason}")


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _table(checks: list[Check]) -> Table:
    table = Table(box=None)
    for title in ("", "part", "found", "how to mend"):
        table.add_column(title, overflow="fold")
    for check in checks:
        status = "ok" if check.ok else "FAIL" if check.required else "-"
        table.add_row(*(Text(cell) for cell in (status, check.name, check.found, check.mend)))
    return table
