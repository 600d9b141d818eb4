"""What an account can spend besides its balance: gift seconds of a month, money paid for a number beforehand.

Rule 1: a pot belongs to a month, and what is left of it lapses with the month; a connection draws on the pots
    of the month of its answer, also when it goes on into the next (S-6).
Rule 2: a pot's name says what it is: `gift/2026-11`, `paid/78001234567/2026-11`; the balance is BALANCE.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from rating.money import Money

BALANCE: Final = ""
GIFT: Final = "gift"
PAID: Final = "paid"
ONLY_BALANCE: Final = (BALANCE,)


def gift_pot(month: str) -> str:
    return f"{GIFT}/{month}"


def paid_pot(number: str, month: str) -> str:
    return f"{PAID}/{number}/{month}"


def month_of_pot(pot: str) -> str:
    return pot.rpartition("/")[2]


def number_of_pot(pot: str) -> str:
    return pot.split("/")[1]


def is_gift(pot: str) -> bool:
    return pot.startswith(GIFT)


@dataclass(slots=True)
class Pot:
    """Kopecks, or seconds when it is a gift."""

    name: str
    granted: int = 0  # by the plan, without a line in the ledger
    moved: int = 0  # the sum of its lines
    held: int = 0

    @property
    def left(self) -> int:
        return self.granted + self.moved

    @property
    def free(self) -> int:
        return self.left - self.held


@dataclass(slots=True)
class Draw:
    """What one unit takes from one pot, or from the balance."""

    pot: str
    amount: int


def money_in(draws: Iterable[Draw]) -> Money:
    """Kopecks, of the balance and of pots; gift seconds are none."""
    money = 0
    for draw in draws:
        if not draw.pot or not is_gift(draw.pot):
            money += draw.amount
    return Money(money)


class Sources(NamedTuple):
    """What may pay for one connection, first things first."""

    pots: tuple[str, ...] = ONLY_BALANCE
    month: str = ""  # whose pots count into the account's sum
    number: str = ""  # the subscriber's number, whose limit counts


@dataclass(slots=True)
class Ask:
    """One unit, or a set-up: what it costs, and how many gift seconds would do instead."""

    price: Money
    seconds: int = 0
    of_balance: tuple[Draw, ...] = field(init=False, compare=False, repr=False)  # when that alone pays

    def __post_init__(self) -> None:
        self.of_balance = (Draw(BALANCE, self.price),) if self.price else ()


@lru_cache(maxsize=10_000)
def ask(price: Money, seconds: int = 0) -> Ask:
    """The same for the same: prices are few, units are many."""
    return Ask(price, seconds)
