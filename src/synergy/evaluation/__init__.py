"""Evaluating models on benchmarks under protocols, and grading responses that others saved."""
