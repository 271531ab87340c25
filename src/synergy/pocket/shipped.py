"""Where the shipped pocket model is; finding it needs no torch."""

from pathlib import Path

WEIGHTS = Path(__file__).with_name("weights")  #: a `from_pretrained` folder
