"""How an operator's plan treats the money of an account: when service stops, what is drawn on first."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from rating.money import ZERO, Money


class Stop(Enum):
    """What stops when the money is at its level."""

    EVERYTHING = "everything"
    PAID = "paid"  # free calls, such as incoming ones, go on


class Source(Enum):
    BUNDLE = "bundle"  # gift minutes
    POOL = "pool"  # money that was paid for a number beforehand
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Funds:
    threshold: Money = ZERO  # the lowest balance that service goes on with
    credit: Money = ZERO
    stops: Stop = Stop.PAID
    stops_at_level: bool = False  # already at the level, or only below it
    draws: tuple[Source, ...] = (Source.BUNDLE, Source.POOL, Source.MONEY)
    rule: str = "S-8"

    def is_stopped(self, above_level: int) -> bool:
        """`above_level`: money over the lowest admissible balance, running connections not counted."""
        return above_level <= 0 if self.stops_at_level else above_level < 0


@dataclass(frozen=True, slots=True)
class OwnFunds:
    """What an account has of its own instead of its plan's (MANGO-3.4); None: as the plan has it."""

    threshold: Money | None = None
    credit: Money | None = None
    stops: Stop | None = None
    low: Money | None = None  # a balance below it is told; None: as for everybody

    def over(self, plan: Funds) -> Funds:
        if self == NOTHING_OWN:
            return plan
        return replace(
            plan,
            threshold=plan.threshold if self.threshold is None else self.threshold,
            credit=plan.credit if self.credit is None else self.credit,
            stops=self.stops or plan.stops,
        )


PLAIN_FUNDS: Final = Funds()
NOTHING_OWN: Final = OwnFunds()
