"""A pipeline's steps from its config."""

from functools import partial

from synergy.config.pipeline import PipelineConfig
from synergy.config.pipeline_steps import (
    FIELDS,
    AskingConfig,
    CaptionConfig,
    DistilTraceConfig,
    FunctionConfig,
    RewriteConfig,
    SplitConfig,
    VerifyConfig,
    step_name,
)
from synergy.data.pipeline.asking import Asker
from synergy.data.pipeline.steps.asking_step import AskingStep, Reader
from synergy.data.pipeline.steps.caption import read_caption
from synergy.data.pipeline.steps.distil import read_trace
from synergy.data.pipeline.steps.function import FunctionStep
from synergy.data.pipeline.steps.rewrite import read_rewrite
from synergy.data.pipeline.steps.split import SplitStep
from synergy.data.pipeline.steps.step import Step
from synergy.data.pipeline.steps.verify import read_verdict
from synergy.data.pipeline.templates import PromptTemplate, open_template


def open_steps(config: PipelineConfig, asker: Asker) -> list[Step]:
    """In the config's order; raises FileError or InputError for templates and functions that cannot be used."""
    templates = open_templates(config)
    steps: list[Step] = []
    for step in config.steps:
        if isinstance(step, SplitConfig):
            steps.append(SplitStep(step))
        elif isinstance(step, FunctionConfig):
            steps.append(FunctionStep(step))
        else:
            name = step_name(step)
            steps.append(AskingStep(name, step, templates[name], asker, _reader(step)))
    return steps


def open_templates(config: PipelineConfig) -> dict[str, PromptTemplate]:
    """Of all steps that ask, by step, checked for the fields they use; raises FileError or InputError."""
    fields = (*FIELDS, *config.own_fields)
    asking = [step for step in config.steps if not isinstance(step, SplitConfig | FunctionConfig)]
    return {step_name(step): open_template(step.step, step.template, fields) for step in asking}


def _reader(step: AskingConfig) -> Reader:
    match step:
        case CaptionConfig():
            return partial(read_caption, step)
        case DistilTraceConfig():
            return read_trace
        case RewriteConfig():
            return partial(read_rewrite, step)
        case VerifyConfig():
            return read_verdict
