"""The steps, one file each: `registry.open_steps` makes them from a pipeline's config."""
