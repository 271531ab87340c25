"""Merging checkpoints: weights are read, combined and written one tensor at a time."""
