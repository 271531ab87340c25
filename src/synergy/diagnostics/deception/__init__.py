"""Whether a rising reward is a better model: the chain train reward → held-out reward → accuracy → other sources."""
