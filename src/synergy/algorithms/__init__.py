"""Algorithms: groups of attempts or demonstrations in, a signal per token out. Arrays only: no torch, no models."""
