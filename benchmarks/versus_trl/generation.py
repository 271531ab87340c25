"""Sampling alone: pocket problems, several attempts each, against `model.generate` in static batches."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad
from transformers import GenerationConfig, LogitsProcessorList

from synergy.config.sampling import SamplingConfig
from synergy.models.loading import LoadedModel
from synergy.models.prompt import Prompt
from synergy.pocket.world import items
from synergy.prompts import BOXED
from synergy.records import Problem, Purpose, SampleRequest
from synergy.sampling.local import LocalSampler
from versus_trl import ours, trl_common
from versus_trl.lengths import ExactLengths, Recorder
from versus_trl.pairs import alternate, repeated, seconds_of
from versus_trl.setting import Machine

_MODEL = "pocket"


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """How much is sampled."""

    num_problems: int = 256
    num_samples: int = 8
    max_tokens: int = 120


@dataclass(kw_only=True)
class OurSampling:
    """Our sampler; each turn is a new visit, so that no response comes twice."""

    recorder: Recorder
    problems: Sequence[Problem]
    num_samples: int
    num_turns: int = 0
    num_tokens: list[int] = field(default_factory=list)  #: of each turn

    def __call__(self) -> None:
        """One turn."""
        requests = [
            SampleRequest(problem=problem, num_samples=self.num_samples, visit=self.num_turns)
            for problem in self.problems
        ]
        self.recorder.sample(requests, purpose=Purpose.TRAIN)
        self.num_turns += 1
        self.num_tokens.append(sum(self.recorder.lengths))


class StaticBatches:
    """`model.generate` over prompts in the order of their lengths, so many responses at once, texts decoded."""

    def __init__(self, model: Any, loaded: LoadedModel, prompts: Sequence[Prompt], sampled: Sampled, rows: int) -> None:
        """`loaded` is our side, for its tokenizer and the tokens that neither side may emit."""
        self.model = model.eval()
        self.tokenizer = loaded.renderer.tokenizer
        self.num_samples = sampled.num_samples
        self.end_id = loaded.renderer.end_token_id
        order = sorted(range(len(prompts)), key=lambda index: prompts[index].num_tokens)
        size = max(1, rows // sampled.num_samples)
        self.chunks = [order[start : start + size] for start in range(0, len(order), size)]
        self.inputs = [
            _inputs([prompts[index] for index in chunk], self.tokenizer.pad_token_id, model.device)
            for chunk in self.chunks
        ]
        self.config = GenerationConfig(
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
            max_new_tokens=sampled.max_tokens,
            num_return_sequences=sampled.num_samples,
            suppress_tokens=sorted(loaded.renderer.visual_tokens.banned),
            eos_token_id=self.end_id,
            pad_token_id=self.tokenizer.pad_token_id,
        )

    def run(self, lengths: Sequence[int]) -> int:
        """Sample everything, each response as long as given; returns how many tokens that were."""
        num_tokens = 0
        for chunk, inputs in zip(self.chunks, self.inputs, strict=True):
            wanted = [
                lengths[problem * self.num_samples + index] for problem in chunk for index in range(self.num_samples)
            ]
            processors = LogitsProcessorList([ExactLengths(wanted, self.end_id)])
            with torch.inference_mode():
                output = self.model.generate(**inputs, generation_config=self.config, logits_processor=processors)
            responses = output[:, inputs["input_ids"].shape[1] :].tolist()
            ids = [response[:length] for response, length in zip(responses, wanted, strict=True)]
            assert all(response[-1] == self.end_id for response in ids), "every response ends where it should"
            self.tokenizer.batch_decode(ids, skip_special_tokens=True)
            num_tokens += sum(map(len, ids))
        return num_tokens


def _inputs(prompts: Sequence[Prompt], pad_id: int, device: torch.device) -> dict[str, Tensor]:
    """Prompts padded on the left, with their images."""
    longest = max(prompt.num_tokens for prompt in prompts)

    def padded(tensor: Tensor, value: int) -> Tensor:
        return pad(tensor, (longest - len(tensor), 0), value=value)

    per_prompt = [prompt.model_inputs for prompt in prompts]
    found = {
        "input_ids": torch.stack([padded(prompt.token_ids, pad_id) for prompt in prompts]),
        "attention_mask": torch.stack([padded(torch.ones_like(prompt.token_ids), 0) for prompt in prompts]),
        "mm_token_type_ids": torch.stack([padded((prompt.image_blocks >= 0).long(), 0) for prompt in prompts]),
        "pixel_values": torch.cat([inputs["pixel_values"] for inputs in per_prompt]),
        "image_grid_thw": torch.cat([inputs["image_grid_thw"] for inputs in per_prompt]),
    }
    return {name: tensor.to(device) for name, tensor in found.items()}


def measure(machine: Machine, sampled: Sampled, *, num_pairs: int, rows: Sequence[int]) -> dict[str, Any]:
    """Both in turns, `generate` with the best of the given numbers of responses at once; prompts are ready before."""
    loaded = ours.load(_MODEL, machine)
    problems = [item.problem() for item in items("train", sampled.num_problems)]
    sampler = LocalSampler(loaded, SamplingConfig(max_tokens=sampled.max_tokens), BOXED, seed=0)
    turn = OurSampling(recorder=Recorder(sampler), problems=problems, num_samples=sampled.num_samples)
    turn()  # renders the prompts, and says how long responses are
    prompts = [loaded.renderer.render(problem, BOXED) for problem in problems]
    model = trl_common.load(_MODEL, machine)

    def theirs(size: int) -> Callable[[], object]:
        batches = StaticBatches(model, loaded, prompts, sampled, size)
        return lambda: batches.run(turn.recorder.lengths)

    tried = {size: seconds_of(theirs(size)) for size in rows}
    best = min(rows, key=lambda size: tried[size])
    pairs = alternate(turn, repeated(theirs(best)), num_pairs=num_pairs)
    mean_tokens = sum(turn.num_tokens[1:]) / len(turn.num_tokens[1:])
    summary = pairs.summary()
    return {
        "setting": {"machine": asdict(machine), **asdict(sampled), "seed": 0},
        **summary,
        "ours_tokens_per_second": mean_tokens / summary["ours_seconds"],
        "theirs_tokens_per_second": mean_tokens / summary["theirs_seconds"],
        "mean_response_tokens": mean_tokens / (sampled.num_problems * sampled.num_samples),
        "generate_rows": best,
        "generate_seconds_by_rows": tried,
    }
