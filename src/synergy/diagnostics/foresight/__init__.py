"""What an SFT checkpoint says of the RL that would go on from it."""
