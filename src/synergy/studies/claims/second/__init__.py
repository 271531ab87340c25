"""Claims of 2504.11468, SFT or RL? An Early Investigation into Training R1-Like Reasoning LVLMs."""
