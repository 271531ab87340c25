"""A whole run: steps, evaluations, checkpoints and the files they leave, from wherever it stopped before."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from synergy.config.resolve import config_hash
from synergy.config.train import TrainConfig
from synergy.memory import peak_bytes
from synergy.training.checkpoint import newest_checkpoint, remove_old_checkpoints, save_checkpoint
from synergy.training.environment import environment
from synergy.training.evaluate import Evaluation
from synergy.training.export import save_model
from synergy.training.faults import NonFiniteError
from synergy.training.prepare import Prepared
from synergy.training.replay import save_replay
from synergy.training.rollout_samples import write_samples
from synergy.training.run_folder import RunFolder, write_json
from synergy.training.state import RunState
from synergy.training.tensors import optimizer_tensors, restore_optimizer, weight_tensors
from synergy.training.watchers import Start, Watcher
from synergy.training.weights_file import read_weights, write_weights


class Run:
    """One run in its folder; every process has one, the first one writes."""

    def __init__(
        self,
        config: TrainConfig,
        parts: Prepared,
        folder: RunFolder,
        watcher: Watcher,
        is_to_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        """`is_to_stop` is asked on the first process, before every step, where the config lets something watch."""
        self.config = config
        self.parts = parts
        self.trainer = parts.trainer
        self.policy = parts.trainer.policy
        self.folder = folder
        self.watcher = watcher
        self.is_to_stop = is_to_stop
        self.is_first = self.policy.processes.is_first
        self._on_progress = watcher.sampling if self.is_first else None
        self.keeps_best = config.evaluation is not None and config.evaluation.keep == "best"
        self.first_step_kept = config.evaluation.first_step_kept if config.evaluation else 0

    def run(self) -> dict[str, Any]:
        """Train to the end and write the model; returns the summary.

        Raises NonFiniteError after saving what is needed to replay the step, FileError where a file cannot be written.
        """
        notes = self._resume()
        state = self.trainer.state
        if self.is_first:
            start = Start(
                run=self.folder.path.name, step=state.step, num_steps=self.config.train.num_steps, notes=notes
            )
            self.watcher.started(start)
        if state.step == 0:
            self._evaluate()
        while self.trainer.state.step < self.config.train.num_steps and not self._is_over():
            self._step()
        return self._finish()

    # ---- steps

    def _step(self) -> None:
        try:
            metrics = self.trainer.step(self._on_progress)
        except NonFiniteError as error:
            file = save_replay(self.folder.replay, self.config, self.policy, error)
            raise error.with_replay(file) from error
        step = self.trainer.state.step
        if self.parts.sampler is not None:
            self.parts.sampler.update_weights()
        self._spend(peak_memory_bytes=peak_bytes())
        self._record("train", metrics)
        if self.is_first:
            self.watcher.stepped(step, metrics)
        self._evaluate()
        is_last = step == self.config.train.num_steps or self._is_over()
        if is_last or step % self.config.train.checkpoint_every_steps == 0:
            self._save()

    def _evaluate(self) -> None:
        evaluator, step = self.parts.evaluator, self.trainer.state.step
        if evaluator is None or not evaluator.is_due(step, self.config.train.num_steps):
            return
        found = evaluator.evaluate(step, self._on_progress)
        before = self.trainer.state.evaluation
        after = before.after(step, found.accuracy, found.truncated_fraction, counts=step >= self.first_step_kept)
        self.trainer.state = replace(self.trainer.state, evaluation=after)
        self._note_evaluation(found)
        if self.keeps_best and after.best_step == step:
            weights = weight_tensors(self.policy)
            if self.is_first:
                write_weights(self.folder.best, weights)

    def _note_evaluation(self, found: Evaluation) -> None:
        step, ledger = self.trainer.state.step, self.trainer.state.ledger
        self.trainer.state = replace(
            self.trainer.state,
            ledger=ledger.add(
                evaluation_tokens=found.generated_tokens, images=found.num_images, evaluation_seconds=found.seconds
            ),
        )
        self._record("evaluation", found.metrics)
        if self.is_first:
            write_samples(self.folder.rollouts / f"step_{step:06d}.parquet", found.groups)
            self.watcher.evaluated(step, found.metrics)

    def _is_out_of_patience(self) -> bool:
        patience = self.config.evaluation.patience if self.config.evaluation else None
        return patience is not None and self.trainer.state.evaluation.num_without_gain >= patience

    def _is_over(self) -> bool:
        """Whether to stop before the last step; called by all processes alike."""
        watch = self.config.watch
        if watch is not None and self.policy.processes.gather(self.is_first and self.is_to_stop())[0]:
            return True
        return self._is_out_of_patience()

    def _record(self, kind: str, metrics: Mapping[str, float]) -> None:
        if self.is_first:
            plain = {key: value if math.isfinite(value) else None for key, value in metrics.items()}
            self.folder.append_metrics({"step": self.trainer.state.step, "kind": kind, **plain})

    def _spend(self, *, peak_memory_bytes: int) -> None:
        ledger = self.trainer.state.ledger
        peak = max(ledger.peak_memory_bytes, peak_memory_bytes)
        self.trainer.state = replace(self.trainer.state, ledger=replace(ledger, peak_memory_bytes=peak))

    @property
    def _has_best(self) -> bool:
        return self.keeps_best and self.trainer.state.evaluation.best_step is not None

    # ---- checkpoints

    def _save(self) -> None:
        weights = weight_tensors(self.policy)
        moments = optimizer_tensors(self.policy, self.trainer.optimizer)
        if not self.is_first:
            return
        state = self.trainer.state
        save_checkpoint(
            self.folder.checkpoints,
            state.step,
            {"weights": weights, "optimizer": moments},
            state.to_json(),
            files=[self.folder.best] if self._has_best else [],
        )
        remove_old_checkpoints(self.folder.checkpoints, self.config.train.keep_checkpoints)

    def _resume(self) -> list[str]:
        """Go back to the newest whole checkpoint, if there is one; returns what a person should know."""
        checkpoint, faults = newest_checkpoint(self.folder.checkpoints)
        steps = self.policy.processes.gather(None if checkpoint is None else checkpoint.step)
        assert len(set(steps)) == 1, "all processes see the same folder"
        notes = [f"passed over {fault}" for fault in faults]
        if checkpoint is not None:
            self.policy.copy_weights(checkpoint.tensors("weights"))
            restore_optimizer(self.policy, self.trainer.optimizer, checkpoint.tensors("optimizer"))
            self.trainer.state = RunState.from_json(checkpoint.state())
            self.trainer.drawer.order.position = self.trainer.state.order_position
            if self.parts.sampler is not None:
                self.parts.sampler.update_weights()
            notes.append(f"goes on after step {checkpoint.step}")
            if self.is_first and self._has_best:
                write_weights(self.folder.best, checkpoint.tensors("best"))
        if self.is_first:
            self.folder.forget_after(self.trainer.state.step if checkpoint is not None else -1)
            self._note_start()
        return notes

    def _note_start(self) -> None:
        file = self.folder.environment
        starts = json.loads(file.read_text(encoding="utf-8"))["starts"] if file.exists() else []
        now = {
            **environment(self.policy.processes),
            "resumed_after_step": self.trainer.state.step or None,
            "runs_as": self.policy.loaded.path,
            "runs_as_reason": self.policy.loaded.path_reason,
        }
        write_json(file, {"starts": [*starts, now]})

    # ---- the end

    def _finish(self) -> dict[str, Any]:
        state = self.trainer.state
        if self.keeps_best:
            self.policy.copy_weights(read_weights(self.folder.best))
        save_model(self.policy, self.folder.model)
        summary = run_summary(self.config, state, is_best=self.keeps_best)
        if self.is_first:
            write_json(self.folder.summary, summary)
            self.watcher.ended("finished")
        return summary


def run_summary(config: TrainConfig, state: RunState, *, is_best: bool) -> dict[str, Any]:
    """What came out of a run and under which conditions, as a JSON object."""
    ledger = state.ledger
    evaluation = state.evaluation
    return {
        "config_hash": config_hash(config),
        "seed": config.seed,
        "algorithm": config.algorithm.name,
        "checkpoint": config.model.checkpoint,
        "prompt": config.prompt,
        "num_steps": state.step,
        "stopped_early": state.step < config.train.num_steps,
        "model_of_step": evaluation.best_step if is_best else state.step,
        "evaluation": {
            "last_step": evaluation.last_step,
            "last_accuracy": evaluation.last_accuracy,
            "last_truncated_fraction": evaluation.last_truncated_fraction,
            "best_step": evaluation.best_step,
            "best_accuracy": evaluation.best_accuracy,
        },
        "limits": {
            "max_response_tokens": config.sampling.max_tokens,
            "max_prompt_tokens": config.model.rendering.max_prompt_tokens,
            "max_image_pixels": config.model.rendering.max_image_pixels,
        },
        "sampling": {
            "temperature": config.sampling.temperature,
            "top_p": config.sampling.top_p,
            "top_k": config.sampling.top_k,
        },
        "truncated_fraction": ledger.truncated_attempts / ledger.attempts if ledger.attempts else None,
        "ledger": state.to_json()["ledger"],
    }
