"""A reward function as verl's reward managers call it: is the gold answer on the last line?"""


def compute_score(data_source, solution_str, ground_truth, extra_info=None):
    """A mapping with `score`, which verl takes as the reward; a bare number would do."""
    lines = solution_str.strip().splitlines()
    found = bool(lines) and ground_truth in lines[-1]
    return {"score": 1.0 if found else 0.0, "num_lines": len(lines)}
