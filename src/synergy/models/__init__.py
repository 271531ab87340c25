"""Models: loading, chat rendering, image features once per batch, tree batches, log-probabilities."""
