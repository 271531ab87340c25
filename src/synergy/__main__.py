"""`python -m synergy`, which is how torchrun starts it."""

from synergy.cli import main

main()
