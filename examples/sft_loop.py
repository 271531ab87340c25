"""Supervised fine-tuning as one readable loop; what `synergy train` adds is around it, not in it.

    python examples/sft_loop.py --checkpoint pocket --num-steps 100

Left out against the trainer: several processes, checkpoints, evaluation, autocast. The gradient is the same: losses
are sums over tokens divided by what the whole step holds, so micro-batches of any size add up to it.
"""

import argparse

from synergy.algorithms.registry import annotate
from synergy.algorithms.state import initial_state
from synergy.config.algorithm import SftConfig
from synergy.config.data import PocketDataConfig
from synergy.config.model import ModelConfig
from synergy.config.train import OptimizerConfig
from synergy.data.load import open_data
from synergy.data.order import ProblemOrder
from synergy.models.loading import load_model
from synergy.models.prompt import Dropped
from synergy.prompts import BOXED
from synergy.training.checks import resolved_model
from synergy.training.demonstrations import demonstration_group
from synergy.training.metrics import summarise
from synergy.training.normalise import count_signals
from synergy.training.optimizer import gradient_norm, learning_rate, make_optimizer, set_learning_rate
from synergy.training.processes import Processes
from synergy.training.response_trees import SignalTree, signal_trees
from synergy.training.step import StepSettings, accumulate, update
from synergy.training.trained_policy import TrainedPolicy


def main(checkpoint: str, num_steps: int, problems_per_step: int) -> list[float]:
    """Train, printing a line a step; returns the mean −log p of the demonstrations' tokens at each step, in nats."""
    # the model, with the one way from a problem to its token ids (`renderer`) and the one forward pass (`policy`)
    loaded = load_model(resolved_model(ModelConfig(checkpoint=checkpoint), None))
    policy = TrainedPolicy(loaded, Processes())

    # problems with worked answers, and the order in which they are visited
    examples = open_data(PocketDataConfig(source="pocket", num_problems=1000, trace="long"))
    order = ProblemOrder(len(examples), seed=0)

    algorithm = SftConfig()
    state = initial_state(algorithm.loss.kl)
    settings = StepSettings(loss=algorithm.loss, max_tokens_per_micro_batch=4096)
    optimizer_config = OptimizerConfig(learning_rate=1e-3, schedule="cosine", warmup_fraction=0.1)
    optimizer = make_optimizer(policy.trained, optimizer_config)

    losses = []
    for step in range(num_steps):
        # demonstrations → what each of their tokens weighs → trees that hold a prompt once
        counted, trees = [], list[SignalTree]()
        for visit in order.take(problems_per_step):
            example = examples[visit.index]
            prompt = loaded.renderer.prompt(example.problem, BOXED)
            assert not isinstance(prompt, Dropped), "nothing is dropped unless the config says so"
            group = demonstration_group(example.problem, example.demonstrations, loaded.renderer, BOXED)
            signals = annotate([group], algorithm, state)
            trees += signal_trees(prompt, signals, max_tokens=4096)
            counted += signals

        # the gradient of the whole step, its norm, the update
        set_learning_rate(optimizer, learning_rate(optimizer_config, step, num_steps))
        gradient = accumulate(policy, trees, count_signals(counted), settings)
        norm = gradient_norm(policy.trained)
        update(policy, optimizer, optimizer_config, norm)

        losses.append(summarise(gradient.metrics)["nll/value"])
        print(f"step {step + 1}/{num_steps}: −log p {losses[-1]:.3f}, gradient norm {norm:.2f}")
    return losses


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", default="pocket", help="a Hugging Face folder or id; pocket is the shipped one")
    parser.add_argument("--num-steps", type=int, default=100)
    parser.add_argument("--problems-per-step", type=int, default=16)
    arguments = parser.parse_args()
    main(arguments.checkpoint, arguments.num_steps, arguments.problems_per_step)
