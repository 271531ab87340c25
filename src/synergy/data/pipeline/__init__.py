"""The second study's way of making reasoning data (2504.11468, section 2): samples go through configurable steps.

Metadata → caption → reasoning distilled from it → rewriting → verification → split into pools for RL and SFT. No torch.
`run.run_pipeline` is the way in; what was answered is in `replies`, what became of each sample in `samples`.
"""
