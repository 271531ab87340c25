"""What training did to the distribution of single tokens: two models over the same texts."""
