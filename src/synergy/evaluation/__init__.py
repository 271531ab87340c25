"""Evaluation: a model's responses to a benchmark, their scores, and the tables that compare them."""
