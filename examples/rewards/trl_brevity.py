"""A reward function as TRL's GRPO trainer calls it: brief answers earn, other kinds of problem are left alone."""


def brevity(completions, answer_kind, completion_ids, limit=64, **kwargs):
    """1 for no tokens, 0 from `limit` on; None, which is "does not apply", for free text."""
    return [
        None if kind == "open" else max(0.0, 1.0 - len(ids) / limit)
        for kind, ids in zip(answer_kind, completion_ids, strict=True)
    ]
