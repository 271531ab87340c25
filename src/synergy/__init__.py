"""Synergy: controlled studies of SFT, RL and their combinations for reasoning vision-language models."""

__version__ = "0.1.0"
