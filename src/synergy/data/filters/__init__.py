"""Filters of rows, a short file each; they need no model. Those that do are in `synergy.evaluation.choosing`."""
