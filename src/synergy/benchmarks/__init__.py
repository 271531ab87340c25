"""Published benchmarks: one file each says what its rows mean, how it is asked, graded and summed up. No torch."""
