"""A deck: which prefix leads to which destination, at which price, and what is not sold at all.

Rule 1: the longest prefix wins, be it sold or not (`unsold` prefixes stand in the same table).
Rule 2: a number that no prefix fits has no price; it is not free.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from rating.money import Money
from rating.prefixes import NONE, PrefixTable

FREEPHONE = "freephone"


class Key(Enum):
    """Whose number finds the price."""

    CALLED = "called"  # the B-number
    CALLER = "caller"  # the A-number: the called party pays, by the caller's region


@dataclass(slots=True)
class Price:
    destination: str
    prefix: str
    first: Money  # for the first unit
    next: Money


@dataclass(frozen=True, slots=True)
class Unsold:
    kind: str  # premium_rate, shared_cost, …
    prefix: str


@dataclass(frozen=True, slots=True)
class Destination:
    name: str
    first: Money
    next: Money
    kind: str = ""  # not sold when it says something; `freephone` costs nothing


class Deck:
    def __init__(
        self,
        name: str,
        key: Key,
        destinations: Sequence[Destination],
        table: PrefixTable,
        destination_of: "array[int]",
    ) -> None:
        """`destination_of` has a place in `destinations` for each row of the table."""
        assert len(destination_of) == len(table)
        self.name = name
        self.key = key
        self.destinations = destinations
        self.table = table
        self._destination_of = destination_of

    def find(self, number: str) -> Price | Unsold | None:
        """By the digits of a number; whatever else a caller shows fits only the empty prefix."""
        digits = number if number.isascii() and number.isdigit() and len(number) <= 15 else ""
        row = self.table.find(digits)
        if row == NONE:
            return None
        destination = self.destinations[self._destination_of[row]]
        prefix = digits[: self.table.length(row)]
        if destination.kind and destination.kind != FREEPHONE:
            return Unsold(destination.kind, prefix)
        return Price(destination.name, prefix, destination.first, destination.next)
