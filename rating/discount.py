"""Discounts: a percentage of what a month's connections cost, posted as a line of its own (MANGO-12.4).

Rule 1: call charges stay as they are, so that each can be worked out again; only the sum gets cheaper.
Rule 2: rounded half up to a kopeck once, on the sum.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rating.entries import Entry, EntryKind
from rating.money import ZERO, Money, share


@dataclass(frozen=True, slots=True)
class Step:
    volume: Money  # from this much on
    percent: int


@dataclass(frozen=True, slots=True)
class Discount:
    """For connections to `destinations` (all when empty) that were answered in `[from_ms, until_ms)`."""

    name: str
    steps: tuple[Step, ...]
    destinations: frozenset[str]
    from_ms: int
    until_ms: int | None
    rule: str

    def takes(self, destination: str, answered_ms: int) -> bool:
        is_time = self.from_ms <= answered_ms and (self.until_ms is None or answered_ms < self.until_ms)
        return is_time and (not self.destinations or destination in self.destinations)

    def amount(self, volume: Money) -> Money:
        """The highest step that the volume reaches holds for the whole volume."""
        percent = max((step.percent for step in self.steps if volume >= step.volume), default=0)
        return share(volume, percent, 100)


@dataclass(frozen=True, slots=True)
class Priced:
    """A connection of the month: where to, when, what it cost."""

    destination: str
    answered_ms: int
    amount: Money


def discount_entries(
    account_id: str, discounts: Iterable[Discount], month: str, connections: Iterable[Priced], at_ms: int
) -> list[Entry]:
    """One credit line a discount that applies; the reference makes the second run change nothing."""
    priced = list(connections)
    entries = []
    for discount in discounts:
        volume = sum(one.amount for one in priced if discount.takes(one.destination, one.answered_ms))
        amount = discount.amount(Money(volume))
        if amount > ZERO:
            reference = f"discount/{discount.name}/{month}"
            note = f"of {volume} kopecks ({discount.rule})"
            entries.append(Entry(account_id, reference, EntryKind.DISCOUNT, amount, at_ms, note=note))
    return entries
