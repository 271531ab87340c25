"""What may still be spent: a request is let through only if the dearest reply to it would still fit."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from synergy.config.pipeline import BudgetConfig, PipelineEndpointConfig
from synergy.data.pipeline.replies import Spent
from synergy.errors import InputError


class BudgetSpentError(InputError):
    """Nothing more may be asked."""


@dataclass(frozen=True, kw_only=True)
class Price:
    """Tokens and money."""

    tokens: int
    money: float


def price_of(endpoint: PipelineEndpointConfig, prompt_tokens: int, completion_tokens: int) -> Price:
    """Of one reply, by the endpoint's prices for a million tokens."""
    money = (prompt_tokens * endpoint.prompt_price + completion_tokens * endpoint.completion_price) / 1e6
    return Price(tokens=prompt_tokens + completion_tokens, money=money)


class Budget:
    """Shared by all threads."""

    def __init__(self, config: BudgetConfig, spent: Spent) -> None:
        self._config = config
        self._tokens, self._money = spent.num_tokens, spent.cost
        self._reserved: list[Price] = []
        self._settled = threading.Condition()

    @contextmanager
    def reserved(self, most: Price) -> Iterator[None]:
        """Hold back what a request may cost at most while it is under way.

        Waits while only requests under way stand between it and the limit. Raises BudgetSpentError where it does not
        fit with nothing else under way.
        """
        with self._settled:
            while not self._fits(most):
                if not self._reserved:
                    raise self._spent(most)
                self._settled.wait()
            self._reserved.append(most)
        try:
            yield
        finally:
            with self._settled:
                self._reserved.remove(most)
                self._settled.notify_all()

    def spend(self, price: Price) -> None:
        """Count a reply."""
        with self._settled:
            self._tokens += price.tokens
            self._money += price.money

    def _fits(self, most: Price) -> bool:
        tokens = self._tokens + most.tokens + sum(each.tokens for each in self._reserved)
        money = self._money + most.money + sum(each.money for each in self._reserved)
        limits = self._config
        return (limits.tokens is None or tokens <= limits.tokens) and (limits.money is None or money <= limits.money)

    def _spent(self, most: Price) -> BudgetSpentError:
        limits = self._config
        wanted = [f"{limits.tokens:,} tokens"] if limits.tokens is not None else []
        wanted += [f"{limits.currency}{limits.money:,.2f}"] if limits.money is not None else []
        return BudgetSpentError(
            f"budget {' and '.join(wanted)}: {self._tokens:,} tokens and {limits.currency}{self._money:,.2f} are spent "
            f"and the next request may take {most.tokens:,} tokens and {limits.currency}{most.money:,.4f}; all replies "
            "are kept: raise the budget and run the same command again"
        )
