"""Pipelines for tests: documents, their runs, and a server whose replies are a function of the question."""

from pathlib import Path
from typing import Any

from synergy.config.load import Draft, Layer, validate
from synergy.config.pipeline import PipelineConfig
from synergy.data.pipeline.funnel import Funnel
from synergy.data.pipeline.outputs import write_outputs
from synergy.data.pipeline.progress import Progress
from synergy.data.pipeline.run import open_pipeline, run_pipeline
from synergy.data.pipeline.serving import served
from synergy.data.pipeline.sources import Sources

POCKET = {"source": "pocket", "num_problems": 24, "families": ["sum", "count", "compare", "locate"]}
MODELS = ("captioner", "solver", "rewriter", "verifier")
STEPS = ("caption", "distil", "rewrite", "verify")


def document(**changes: Any) -> PipelineConfig:
    """The pocket's pipeline with all six steps, parts replaced."""
    values: dict[str, Any] = {
        "kind": "pipeline",
        "sources": {"boards": {"data": POCKET}},
        "serve": {},
        "endpoints": {name: endpoint("serve", f"pocket-{name}") for name in MODELS},
        "steps": [
            *({"step": step, "endpoints": {model: 1.0}} for step, model in zip(STEPS, MODELS, strict=True)),
            {"step": "split"},
        ],
        **changes,
    }
    return checked({name: value for name, value in values.items() if value is not None})


def checked(values: dict[str, Any]) -> PipelineConfig:
    """A document as `load` would read it."""
    return validate(
        Draft(path=Path("case.yaml"), values=values, layers=(Layer(label="case.yaml", values=values),)), PipelineConfig
    )


def endpoint(url: str, model: str = "m", **changes: Any) -> dict[str, Any]:
    """A section endpoint that gives up quickly."""
    return {
        "url": url,
        "model": model,
        "concurrency": 4,
        "max_retries": 2,
        "retry_seconds": 0.01,
        "timeout_seconds": 5.0,
        **changes,
    }


def questions(path: Path, num: int) -> dict[str, Any]:
    """A data section: a table of questions "q 0", "q 1" … without images, written to `path`."""
    rows = (f'{{"id": "{n}", "question": "q {n}", "answer": "{n}", "answer_kind": "integer"}}' for n in range(num))
    path.write_text("\n".join(rows), encoding="utf-8")
    return {"source": "file", "path": str(path)}


def asking(url: str, data: dict[str, Any], **changes: Any) -> PipelineConfig:
    """A pipeline of one step that lets one server answer questions."""
    values: dict[str, Any] = {
        "kind": "pipeline",
        "sources": {"questions": {"data": data, "pool": "sft"}},
        "endpoints": {"only": endpoint(url)},
        "steps": [{"step": "distil", "endpoints": {"only": 1.0}}],
        **changes,
    }
    return checked(values)


def ran(config: PipelineConfig, folder: Path) -> tuple[Progress, Funnel]:
    """The run from start to end, outputs written."""
    with served(config) as url:
        opened = open_pipeline(config, folder, Sources(config), url)
        try:
            return run_pipeline(opened, lambda progress: None), write_outputs(opened)
        finally:
            opened.close()


def completion(text: str, finish_reason: str = "stop", **message: Any) -> dict[str, Any]:
    """An answer of 10 prompt tokens and 5 more."""
    return {
        "choices": [{"message": {"content": text, **message}, "finish_reason": finish_reason}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5},
    }


def asked_text(body: dict[str, Any]) -> str:
    """The text of the last message."""
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else content[-1]["text"]


def question_of(body: dict[str, Any]) -> str:
    """What the shipped template for distilling asks."""
    return asked_text(body).partition("<question>")[2].partition("</question>")[0]
