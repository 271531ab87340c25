"""How alike two texts or two pictures are, and finding what is alike among many."""
