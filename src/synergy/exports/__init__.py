"""An arm's trainings for other frameworks: their configuration, data and reward, and what they cannot express."""
