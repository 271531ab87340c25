"""What an attempt earns: one file a term, a gate, plug-ins, and `compute.compute_rewards`, which puts them together."""
