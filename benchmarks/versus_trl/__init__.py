"""Synergy timed against TRL 1.16 in turns, on the same weights, prompts, images, responses and threads."""
