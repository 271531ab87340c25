"""Numbers that the verdicts depend on, in one place. All of them are ours: no paper states one."""

LEVEL = 0.05  #: of the family-wise error that Holm's method holds
MARGIN = 0.01  #: a difference of accuracy that is as good as none: one point
SHORT_TIMES = 1.5  #: an arm stays short whose responses are at most so many times the baseline's
NO_CORRELATION = 0.1  #: a rank correlation over responses that is as good as none
NO_REWARD_CORRELATION = 0.3  #: the same over the checkpoints of a run, of which there are few
MIN_EVALUATIONS = 5  #: while training, for a correlation of reward and accuracy
COLLAPSE = 0.1  #: a fall of training reward from its peak, as a share of the peak, that counts as a collapse
REWARD_WINDOW = 10  #: training steps before an evaluation whose reward is averaged
MIN_LEVEL_PROBLEMS = 20  #: of a level, in each cell, for a statement about it
MANY_TIMES = 10  #: "ten times the problems"
BOOTSTRAP_SEED = 0
