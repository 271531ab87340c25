"""Recipes: how an arm is made, as a small graph of steps; one short file each."""
