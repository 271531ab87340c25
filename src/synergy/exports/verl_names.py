"""Names that verl and EasyR1, which grew out of it, share."""

ADVANTAGE = {
    "grpo": "grpo",
    "dr_grpo": "grpo",
    "dapo": "grpo",
    "gspo": "grpo",
    "cispo": "grpo",
    "rloo": "rloo",
    "reinforce_pp": "reinforce_plus_plus",
}
NO_DUAL_CLIP = 1e9  #: both always clip; a ratio never gets so high
FREEZES = ((), ("vision", "projector"))  #: both freeze the tower with its projector, or nothing
SCHEDULES = ("constant", "cosine")
