"""GRPO as one readable loop: sample, grade, compare attempts at the same problem, update.

    python examples/grpo_loop.py --checkpoint pocket --num-steps 50

Left out against the trainer: several processes, checkpoints, evaluation, several updates a step, the reference model.
The update is DeepSeekMath's (2402.03300) without its KL term: strictly on-policy, so the clip never acts.
"""

import argparse

import numpy as np

from synergy.algorithms.registry import annotate
from synergy.algorithms.state import initial_state
from synergy.config.algorithm import GrpoConfig
from synergy.config.data import PocketDataConfig
from synergy.config.model import ModelConfig
from synergy.config.reward import RewardConfig
from synergy.config.sampling import SamplingConfig
from synergy.config.train import OptimizerConfig
from synergy.data.load import open_data
from synergy.data.order import ProblemOrder
from synergy.models.loading import load_model
from synergy.models.prompt import Dropped
from synergy.prompts import BOXED
from synergy.records import Purpose, SampleRequest
from synergy.sampling.backends import open_sampler
from synergy.sampling.progress import sampling_progress
from synergy.training.checks import resolved_model
from synergy.training.micro_batches import moving
from synergy.training.normalise import count_signals
from synergy.training.optimizer import gradient_norm, make_optimizer
from synergy.training.processes import Processes
from synergy.training.response_trees import SignalTree, signal_trees
from synergy.training.rewards import graded, open_rewards
from synergy.training.step import StepSettings, accumulate, update
from synergy.training.trained_policy import TrainedPolicy


def main(checkpoint: str, num_steps: int, problems_per_step: int, num_samples: int, max_tokens: int) -> list[float]:
    """Train, printing a line a step; returns the mean reward of each step."""
    loaded = load_model(resolved_model(ModelConfig(checkpoint=checkpoint), None))
    policy = TrainedPolicy(loaded, Processes())
    sampling = SamplingConfig(temperature=1.0, max_tokens=max_tokens)
    sampler = open_sampler(loaded, sampling, BOXED, seed=0)

    examples = open_data(PocketDataConfig(source="pocket", num_problems=1000))
    order = ProblemOrder(len(examples), seed=0)

    algorithm = GrpoConfig()
    state = initial_state(algorithm.loss.kl)
    rewards_of = open_rewards(RewardConfig(accuracy=1.0, format=0.1))
    # the trained distribution is the sampled one: same temperature
    settings = StepSettings(loss=algorithm.loss, temperature=sampling.temperature, max_tokens_per_micro_batch=8192)
    optimizer_config = OptimizerConfig(learning_rate=1e-4)
    optimizer = make_optimizer(policy.trained, optimizer_config)

    rewards = []
    for step in range(num_steps):
        # attempts at some problems, then a verdict and a reward on each
        requests = [
            SampleRequest(problem=examples[visit.index].problem, num_samples=num_samples, visit=visit.visit)
            for visit in order.take(problems_per_step)
        ]
        with sampling_progress(problems_per_step * num_samples) as show:
            groups = sampler.sample(requests, purpose=Purpose.TRAIN, on_progress=show)
        groups = graded(groups, BOXED, rewards_of)

        # what each token is worth; the whole step at once, as its denominators are the step's
        signals = annotate(groups, algorithm, state)
        left = iter(signals)
        trees = list[SignalTree]()
        for group in groups:
            prompt = loaded.renderer.prompt(group.problem, BOXED)
            assert not isinstance(prompt, Dropped), "nothing is dropped unless the config says so"
            # attempts without advantage count in the denominators and need not be run
            own = moving([next(left) for _ in group.rollouts])
            trees += signal_trees(prompt, own, max_tokens=8192)

        accumulate(policy, trees, count_signals(signals), settings)
        norm = gradient_norm(policy.trained)
        update(policy, optimizer, optimizer_config, norm)
        sampler.update_weights()

        attempts = [rollout for group in groups for rollout in group.rollouts]
        rewards.append(float(np.mean([attempt.reward for attempt in attempts if attempt.reward is not None])))
        length = np.mean([len(attempt.token_ids) for attempt in attempts])
        print(f"step {step + 1}/{num_steps}: reward {rewards[-1]:.3f}, {length:.0f} tokens, gradient norm {norm:.2f}")
    return rewards


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", default="pocket", help="a Hugging Face folder or id; pocket is the shipped one")
    parser.add_argument("--num-steps", type=int, default=50)
    parser.add_argument("--problems-per-step", type=int, default=16)
    parser.add_argument("--num-samples", type=int, default=8)
    parser.add_argument("--max-tokens", type=int, default=160)
    arguments = parser.parse_args()
    main(
        arguments.checkpoint,
        arguments.num_steps,
        arguments.problems_per_step,
        arguments.num_samples,
        arguments.max_tokens,
    )
