"""What each stage of the build minimises; a loss is a mean over all counted cells or tokens of the whole step."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext

from torch import nn
from transformers import PaddleOCRVLProcessor, Qwen2_5_VLForConditionalGeneration

from synergy.config.build import StageConfig
from synergy.pocket.build.cells import CellClassifier, cell_batch
from synergy.pocket.build.examples import Row, make_batch
from synergy.pocket.build.gaze import Gaze
from synergy.pocket.build.stage import Backward

_ROWS_PER_FORWARD = 16


def cell_backward(
    model: Qwen2_5_VLForConditionalGeneration,
    classifier: CellClassifier,
    processor: PaddleOCRVLProcessor,
    config: StageConfig,
    seed: int,
) -> Backward:
    """Gradients of the cell classification of one step's pictures."""

    def backward(step: int) -> dict[str, float]:
        images, labels = cell_batch(seed, step, config.batch_size)
        inputs = processor.image_processor(images, return_tensors="pt")
        features = model.model.visual(inputs["pixel_values"], grid_thw=inputs["image_grid_thw"]).pooler_output
        loss, right = classifier.losses(features, labels)
        loss.backward()
        return {"loss": loss.item(), "cells right": right.item()}

    return backward


def language_backward(
    model: Qwen2_5_VLForConditionalGeneration,
    processor: PaddleOCRVLProcessor,
    rows_of: Callable[[int], Sequence[Row]],
    gaze_weight: float = 0.0,
) -> Backward:
    """Gradients of the mean negative log-likelihood over all taught tokens of the step, and of the gaze.

    The step runs in micro-batches of similar length; each one's sums are divided by the step's token counts, so the
    split does not change the gradient.
    """
    gaze = Gaze(model) if gaze_weight else None

    def backward(step: int) -> dict[str, float]:
        rows = sorted(rows_of(step), key=lambda row: len(row.problem.question) + len(row.response))
        batches = [
            make_batch(processor, rows[start : start + _ROWS_PER_FORWARD])
            for start in range(0, len(rows), _ROWS_PER_FORWARD)
        ]
        num_tokens = sum(int((batch.labels[:, 1:] >= 0).sum()) for batch in batches)
        num_looks = sum(float(batch.gaze_share.sum()) for batch in batches)
        totals = {"loss": 0.0, **({"gaze": 0.0} if gaze else {})}
        for batch in batches:
            with gaze.watching() if gaze else nullcontext():
                hidden = model.model(
                    input_ids=batch.input_ids,
                    attention_mask=batch.attention_mask,
                    pixel_values=batch.pixel_values,
                    image_grid_thw=batch.image_grid_thw,
                    mm_token_type_ids=batch.mm_token_type_ids,
                ).last_hidden_state
            counted = batch.labels[:, 1:] >= 0
            logits = model.lm_head(hidden[:, :-1][counted])
            loss = nn.functional.cross_entropy(logits, batch.labels[:, 1:][counted], reduction="sum") / num_tokens
            totals["loss"] += loss.item()
            if gaze and len(batch.gaze):
                looked = gaze.loss(batch) / num_looks
                totals["gaze"] += looked.item()
                loss = loss + gaze_weight * looked
            loss.backward()
        return totals

    return backward
