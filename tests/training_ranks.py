"""Gradients of the cases on several processes, for torchrun; the first process writes them.

Arguments: checkpoint, folder to write to.
"""

import sys
from pathlib import Path
from typing import Literal, get_args

from safetensors.torch import save_file
from training_cases import Dtype, Name, make_case

from synergy.training.normalise import count_signals
from synergy.training.processes import joined

#: which problems the second of two processes has
SHARES = {
    "mixed": [0, 1, 4, 7],
    "text only": [1, 3, 5],  # odd problems have no picture
    "no signal": [5, 6, 7],  # skipped: the process has nothing to run
}
PARALLELS: tuple[Literal["replicated", "sharded"], ...] = ("replicated", "sharded")


def shares(dtype: Dtype) -> dict[str, list[int]]:
    """The shares that are tried in a type: all of them in the exact one."""
    return SHARES if dtype == "float64" else {"mixed": SHARES["mixed"]}


def main() -> None:
    checkpoint, folder = Path(sys.argv[1]), Path(sys.argv[2])
    with joined() as processes:
        for dtype in get_args(Dtype):
            for parallel in PARALLELS:
                for name in get_args(Name):
                    case = make_case(name, dtype, checkpoint, processes, parallel)
                    for share, second in shares(dtype).items():
                        own = second if processes.rank else [index for index in range(8) if index not in second]
                        trees = case.trees(own, skip=share == "no signal" and name == "mix")
                        gradient = case.gradient(trees, max_tokens=700)
                        if processes.is_first:
                            save_file(gradient, folder / f"{dtype} {parallel} {name} {share}.safetensors")
                    own = SHARES["mixed"] if processes.rank else [2, 3, 5, 6]
                    trees = case.trees(own)
                    counts = count_signals([signal for tree in trees for signal in tree.signals])
                    wrong = case.gradient(trees, counts=counts)
                    if processes.is_first:
                        wrong = {key: each / processes.num for key, each in wrong.items()}
                        save_file(wrong, folder / f"{dtype} {parallel} {name} mean of means.safetensors")


if __name__ == "__main__":
    main()
