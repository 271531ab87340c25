"""Training: signals and a model's log-probs in, losses and updated weights out."""
