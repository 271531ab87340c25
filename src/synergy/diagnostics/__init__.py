"""What happened to a model, one question a file: from stored responses, metrics and weights to a small table."""
