"""The loss of one optimiser step: every choice that separates the methods as a named field.

loss = S_pg / N_pg + c_nll · S_nll / N_nll + β · S_kl / N_kl − c_entropy · S_entropy / N_entropy, each N counted over
the whole optimiser step. An algorithm's own options are in `synergy.config.algorithm`.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from synergy.config.base import Config

Count = Annotated[int, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]


class NormaliserConfig(Config):
    """What the sum of one term is divided by; always counted over the whole optimiser step."""

    kind: Literal["token_mean", "sequence_mean", "prompt_mean", "fixed_length"] = "token_mean"
    """token_mean: the term's tokens (DAPO); sequence_mean: mean over sequences of each one's token mean (GRPO);
    prompt_mean: mean over problems of each one's token mean (ScaleRL); fixed_length: sequences × length_tokens (Dr.
    GRPO)"""
    denominator: Literal["own", "joint"] = "own"
    """own: counts the tokens, sequences or problems of this term; joint: all of the step's, whatever their term, so
    that one imitated problem among 24 weighs one 24th"""
    length_tokens: Count | None = None
    """for fixed_length: the length; null is the sampler's limit on response tokens"""

    @model_validator(mode="after")
    def _length_has_a_use(self) -> Self:
        if self.length_tokens is not None and self.kind != "fixed_length":
            raise ValueError(f"length_tokens {self.length_tokens} with kind {self.kind}; expected kind fixed_length")
        return self


class KlControllerConfig(Config):
    """Moves the KL coefficient toward a target KL (Ziegler et al. 2019, 1909.08593)."""

    target: Positive
    """the KL to hold, in nats per token"""
    horizon: Positive
    """rollouts after which a KL that is 20 % or more off has changed the coefficient by about 20 %; verl and OpenRLHF
    set 10000"""


class KlConfig(Config):
    """The KL term against the reference model, the policy as it was when the step's training began."""

    place: Literal["none", "loss", "reward", "return"] = "none"
    """loss: a term of the loss; reward: β · the sequence's summed KL is taken from its reward, before any baseline
    (TRL's RLOO); return: each token's advantage loses β · the KL of itself and all later tokens, after baseline and
    scaling (REINFORCE++, OpenRLHF)"""
    estimator: Literal["k1", "k2", "k3", "k3+", "k3_ratio"] = "k3"
    """of log π − log π_ref = d at one sampled token: k1 = d, k2 = d²/2, k3 = e^−d + d − 1 (Schulman 2020). In the loss,
    k1 has a gradient of mean 0 and k3 that of KL(π_ref‖π); right for KL(π‖π_ref) are k2, k3+ (value of k3, gradient
    of k2; verl) and k3_ratio (k3 · π/π_old, right off-policy too; DeepSeek-V3.2, 2512.02556)"""
    coefficient: NonNegative = 0.0
    """β; where a controller is given, its initial value"""
    controller: KlControllerConfig | None = None
    """moves β; null keeps it"""
    normaliser: NormaliserConfig | None = None
    """of the term in the loss; null is the policy gradient's"""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.place == "none" and self.coefficient:
            raise ValueError(f"coefficient {self.coefficient} with place none; expected place loss, reward or return")
        if self.controller and (self.place == "none" or not self.coefficient):
            raise ValueError("a controller without a KL to control; expected a place and a coefficient above 0")
        if self.place in ("reward", "return") and self.estimator in ("k3+", "k3_ratio"):
            raise ValueError(
                f"estimator {self.estimator} differs from k3 in its gradient alone, of which place {self.place} has "
                "none; expected k1, k2 or k3"
            )
        return self


class NllConfig(Config):
    """The imitation term, −w_t · log p_t; the weight w_t is computed from the current p_t and not differentiated."""

    coefficient: NonNegative = 1.0
    """what the term is multiplied by"""
    token_weight: Literal["one", "p", "clipped_p", "p_one_minus_p", "saturating_p", "luffy"] = "one"
    """one: SFT; p: DFT; clipped_p: min(1, p/α) (TrSFT); p_one_minus_p: p(1−p) (CHORD-φ); saturating_p: p/(p+γ); luffy:
    γp/(p+γ)², which makes the gradient that of LUFFY's objective p/(p+γ)"""
    alpha: Positive = 0.1
    """α of clipped_p (TRAPO, 2512.17636)"""
    gamma: Positive = 0.1
    """γ of saturating_p and luffy (LUFFY, 2504.14945)"""
    normaliser: NormaliserConfig = NormaliserConfig()
    """of the imitation term"""


class EntropyConfig(Config):
    """A bonus for the entropy of the next-token distribution at the tokens of the policy-gradient term."""

    coefficient: NonNegative = 0.0
    """what the term is multiplied by; nats"""
    normaliser: NormaliserConfig | None = None
    """null is the policy gradient's (verl); TRL takes token_mean whatever the policy gradient's"""


class MismatchConfig(Config):
    """Correction for a sampler μ whose probabilities differ from the trainer's π_old under the same weights.

    Multiplies the policy-gradient loss by w = π_old / μ, bounded; a token without sampler log-prob has w = 1.
    """

    mode: Literal["off", "truncate", "mask"] = "off"
    """truncate: w is clamped to the bounds; mask: w outside the bounds is 0 (IcePop, TRL)"""
    level: Literal["token", "sequence"] = "token"
    """sequence: w is the product over the sequence's sampled tokens"""
    low: NonNegative | None = None
    """lower bound of w; null is none"""
    high: Positive | None = None
    """upper bound of w; null is none. Truncated token weights: about 2 (verl); masked sequence weights: 3 (TRL)"""

    @model_validator(mode="after")
    def _bounds_bound(self) -> Self:
        if self.mode != "off" and self.low is None and self.high is None:
            raise ValueError(f"mode {self.mode} without low and high; expected at least one bound")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"low {self.low} with high {self.high}; expected low below high")
        return self


class LossConfig(Config):
    """The policy-gradient term's options, and a section for each other term."""

    form: Literal["clip", "cispo", "gmpo", "sapo"] = "clip"
    """clip: −min(r·A, clip(r)·A) (PPO); cispo: −sg(clip(r))·A·log p (MiniMax-M1, 2506.13585); gmpo: the geometric mean
    of clipped token ratios (2507.20673); sapo: a sigmoid gate instead of a clip (2511.20347)"""
    ratio_level: Literal["token", "sequence", "sequence_product"] = "token"
    """token: r_t = π/π_old of each token; sequence: the geometric mean over the sequence (GSPO, 2507.18071);
    sequence_product: their product, the probability ratio of the whole response (RLOO)"""
    clip_low: NonNegative | None = 0.2
    """ratios below 1 − clip_low are clipped; null is no bound. For gmpo the bound is on log r: −clip_low"""
    clip_high: NonNegative | None = 0.2
    """ratios above 1 + clip_high are clipped; null is no bound. Relative for cispo too, as in verl: the ε_high = 5 of
    ScaleRL and TRL is an absolute bound, clip_high 4 here. For gmpo the bound is on log r"""
    clip_dual: Annotated[float, Field(gt=1)] | None = None
    """largest ratio that counts where the advantage is negative: the constant c of dual-clip PPO (1912.09729; verl)
    and, which is the same function, the δ of INTELLECT-2's two-sided clip (2505.07291; TRL); null is none"""
    sapo_temperature_positive: Positive = 1.0
    """of sapo's gate where the advantage is positive"""
    sapo_temperature_negative: Positive = 1.05
    """of sapo's gate elsewhere"""
    stale_threshold: Positive | None = None
    """sequences of negative advantage whose mean log(π_old/π) exceeds this, in nats per token, are left out of the
    policy-gradient sum (DeepSeek-V3.2's off-policy mask); null is none"""
    normaliser: NormaliserConfig = NormaliserConfig()
    """of the policy-gradient term"""
    kl: KlConfig = KlConfig()
    """the KL term"""
    nll: NllConfig = NllConfig()
    """the imitation term"""
    entropy: EntropyConfig = EntropyConfig()
    """the entropy bonus"""
    mismatch: MismatchConfig = MismatchConfig()
    """sampler/trainer mismatch"""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.clip_low is not None and self.clip_low > 1 and self.form != "gmpo":
            raise ValueError(
                f"clip_low {self.clip_low}; expected at most 1 as ratios are above 0, or null for no bound"
            )
        if self.form != "clip" and self.clip_dual is not None:
            raise ValueError(f"clip_dual {self.clip_dual} with form {self.form}; expected form clip, or null")
        if self.clip_dual is not None and self.clip_high is not None and self.clip_dual <= 1 + self.clip_high:
            raise ValueError(
                f"clip_dual {self.clip_dual} with clip_high {self.clip_high}; expected above 1 + clip_high, or null"
            )
        if self.form == "gmpo" and self.ratio_level != "sequence":
            raise ValueError(f"form gmpo with ratio_level {self.ratio_level}; expected ratio_level sequence")
        if self.ratio_level == "sequence_product" and self.normaliser.kind != "sequence_mean":
            raise ValueError(
                f"ratio_level sequence_product with normaliser {self.normaliser.kind}; expected sequence_mean, as the "
                "ratio is one number per sequence"
            )
        return self

    @property
    def moves_zero_signals(self) -> bool:
        """Whether a sequence without advantage and imitation weight still has a gradient: by KL or entropy."""
        in_loss = self.kl.place == "loss" and self.kl.coefficient > 0
        return in_loss or self.entropy.coefficient > 0
