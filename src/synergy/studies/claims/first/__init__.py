"""Claims of 2507.07562, The Synergy Dilemma of Long-CoT SFT and RL."""
