"""Data: problems and demonstrations from the pocket, from files and from the hub. No torch, no models."""
