"""Soft overlong punishment (DAPO, 2503.14476, equation 13)."""


def overlong_punishment(num_tokens: int, *, max_tokens: int, buffer_tokens: int) -> float:
    """In [−1, 0]: 0 up to max_tokens − buffer_tokens, then falling linearly to −1 at max_tokens, −1 beyond."""
    beyond = num_tokens - (max_tokens - buffer_tokens)
    return -min(max(beyond / buffer_tokens, 0.0), 1.0)
