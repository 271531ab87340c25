"""Claims of the three studies as named hypotheses: one file each, judged on any study's results."""
