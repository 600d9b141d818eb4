"""The oracle's price lists: what a connection costs at a second.  No code is shared with the product."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from math import floor

FREEPHONE = "freephone"
NO_PRICE = "no price"
NOT_SOLD = "not sold"


@dataclass(frozen=True)
class Terms:
    """Prices are kopecks a unit; the units after the first may have another length and price."""

    first_s: int = 60
    first_price: int = 0
    next_s: int = 60
    next_price: int = 0
    setup: int = 0
    threshold_s: int = 0
    offset: bool = False
    longest_s: int | None = None
    is_gift: bool = False  # gift seconds may pay for its units
    name: str = ""  # the destination
    tariff: str = ""  # whose terms these are: other terms even if they cost the same
    band: str = ""

    @property
    def is_free(self) -> bool:
        return self.first_price == 0 and self.next_price == 0 and self.setup == 0

    @property
    def not_rated_s(self) -> int:
        """S-4, offset: so many seconds are taken off every connection."""
        return max(0, self.threshold_s - 1) if self.offset else 0


@dataclass(frozen=True)
class Band:
    """Hours with a price of their own; the hour and the day are asked of the moment itself."""

    from_minute: int
    to_minute: int  # not later than from_minute: over midnight
    percent: int | Fraction
    weekdays: frozenset[int] = frozenset(range(7))  # Monday is 0
    holidays: frozenset[date] = frozenset()  # days it is in force whatever their weekday
    not_on: frozenset[date] = frozenset()  # days it is not in force whatever their weekday
    name: str = ""

    def covers(self, moment: datetime) -> bool:
        day = moment.date()
        if day in self.not_on or (moment.weekday() not in self.weekdays and day not in self.holidays):
            return False
        minute = moment.hour * 60 + moment.minute
        if self.from_minute < self.to_minute:
            return self.from_minute <= minute < self.to_minute
        return minute >= self.from_minute or minute < self.to_minute


@dataclass(frozen=True)
class Deck:
    """Prefix to destination (or unpriced kind), destination to terms, and the bands of the prices."""

    prefixes: dict[str, str]
    prices: dict[str, Terms]
    bands: tuple[Band, ...] = ()
    freephone: Terms = Terms()

    def terms(self, number: str, moment: datetime) -> Terms | str:
        destination = None
        for length in range(len(number) + 1):
            destination = self.prefixes.get(number[:length], destination)
        if destination is None:
            return NO_PRICE
        if destination == FREEPHONE:
            return self.freephone
        if destination not in self.prices:
            return NOT_SOLD
        terms = self.prices[destination]
        for band in self.bands:  # the first that covers the moment
            if band.covers(moment):
                return replace(
                    terms,
                    first_price=share(terms.first_price, band.percent),
                    next_price=share(terms.next_price, band.percent),
                    band=band.name,
                )
        return terms


@dataclass(frozen=True)
class Version:
    """The decks in force from a second on, until the next version."""

    from_second: int
    forwarded: Deck  # by the target
    incoming: Deck | None = None  # by the caller


def share(price: int, percent: int | Fraction) -> int:
    """S-1: half up to a kopeck."""
    return floor(Fraction(price) * percent / 100 + Fraction(1, 2))


def in_force(versions: Iterable[Version], second: int) -> Version | None:
    found: Version | None = None
    for version in versions:
        if version.from_second <= second and (found is None or version.from_second >= found.from_second):
            found = version
    return found
