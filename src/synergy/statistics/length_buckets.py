"""Buckets of response lengths: up to 32 tokens, then doubling; the same for all models, so that they compare."""

_SHORTEST_TOKENS = 32


def length_bucket(num_tokens: int) -> int:
    """0 up to 32 tokens, 1 up to 64, 2 up to 128, …"""
    return max(0, (max(1, num_tokens) - 1) // _SHORTEST_TOKENS).bit_length()


def bucket_name(bucket: int) -> str:
    """Its first and last number of tokens: "33-64"."""
    last = _SHORTEST_TOKENS << bucket
    return f"{last // 2 + 1 if bucket else 0}-{last}"
