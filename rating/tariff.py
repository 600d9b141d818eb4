"""What a plan asks for a connection: dated versions, each with its decks and its way of counting.

Rule 1: the whole connection has the terms of the moment of its answer (S-6); when they may change before
    it is said by `Plan.moments`.
Rule 2: what a number costs, that it is not sold, and that nobody ever gave it a price are three answers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum

from rating.bands import Band
from rating.calendar import MINUTE_MS, DaysOff, bounds_of
from rating.deck import FREEPHONE, Deck, Key, Price, Unsold
from rating.funds import Funds
from rating.money import ZERO, Money


class Side(Enum):
    """Which way a connection goes, seen from the subscriber, who pays for both."""

    OUTGOING = "outgoing"  # to a target: forwarded or dialled
    INCOMING = "incoming"  # from a caller, when the called side pays: 8-800


@dataclass(frozen=True, slots=True)
class Terms:
    """How time is counted; shared by all prices of a version."""

    tariff: str  # profile/plan@version: says whose terms these are
    first_s: int = 60
    next_s: int = 60
    setup_fee: Money = ZERO
    threshold_s: int = 0  # a connection shorter than this costs nothing (S-4)
    is_offset: bool = False  # the seconds before the threshold are taken off every connection instead
    longest_s: int | None = None
    vat_percent: int | None = None  # contained in every price; None: there is no VAT
    rules: Mapping[str, str] = field(default_factory=dict)  # which clause fixes what

    def rule(self, what: str, otherwise: str) -> str:
        return self.rules.get(what, otherwise)

    @property
    def free_s(self) -> int:
        """What is taken off before units are counted."""
        return max(0, self.threshold_s - 1) if self.is_offset else 0

    def units(self, seconds: int) -> int:
        """How many units a connection of so many seconds is; 0 when it is free."""
        rated_s = seconds - self.free_s
        if rated_s <= 0 or (seconds < self.threshold_s and not self.is_offset):
            return 0
        return 1 if rated_s <= self.first_s else 1 - (self.first_s - rated_s) // self.next_s

    def covered_ms(self, units: int) -> int:
        """How long so many units last, counted from the answer."""
        return (self.free_s + self.first_s + (units - 1) * self.next_s) * 1000 if units else 0


@dataclass(slots=True)
class Rate:
    """The terms and prices of one connection, as they are held, charged and stored with the bill."""

    terms: Terms
    side: Side
    destination: str
    prefix: str
    first_price: Money
    next_price: Money
    band: str = ""
    gift: str = ""  # the bundle whose minutes may pay for it

    @property
    def first_need(self) -> Money:
        """What must be secured before the leg is placed, when no gift pays."""
        return Money(self.terms.setup_fee + self.first_price)

    @property
    def is_free(self) -> bool:
        return self.first_price == 0 and self.next_price == 0 and self.terms.setup_fee == 0

    @property
    def minute_price(self) -> int:
        """Of the dearest minute, without the set-up; a begun kopeck counts."""
        terms = self.terms
        return max(-(-self.first_price * 60 // terms.first_s), -(-self.next_price * 60 // terms.next_s))

    def price(self, unit: int) -> Money:
        """Of the unit with this number, counted from 0."""
        return self.next_price if unit else self.first_price


def same_rate(one: Rate, other: Rate) -> bool:
    """Nearly always it is the very same one, which is told at once."""
    return one is other or one == other


@dataclass(frozen=True, slots=True)
class Bundle:
    """Gift minutes of a month."""

    name: str
    seconds: int
    destinations: frozenset[str]
    rule: str


@dataclass(frozen=True, slots=True)
class Version:
    """A plan as it is from one moment on."""

    name: str
    from_ms: int
    published: date | None
    terms: Terms
    outgoing: Deck | None
    incoming: Deck | None = None
    incoming_numbers: tuple[str, ...] = ()  # prefixes of dialled numbers whose owner pays for calls to them
    bundle: Bundle | None = None
    bands: tuple[Band, ...] = ()
    days_off: DaysOff = field(default_factory=lambda: DaysOff({}))

    def is_paid_by_called(self, number: str) -> bool:
        return self.incoming is not None and number.startswith(self.incoming_numbers)

    def rate(self, side: Side, caller: str, called: str, at_ms: int) -> Rate | Unsold | None:
        deck = self.outgoing if side is Side.OUTGOING else self.incoming
        if deck is None:
            return None
        found = deck.find(called if deck.key is Key.CALLED else caller)
        return self._rate(side, found, at_ms) if isinstance(found, Price) else found

    def _rate(self, side: Side, found: Price, at_ms: int) -> Rate:
        first, after, name = found.first, found.next, ""
        for band in self.bands:
            if band.fits(at_ms, self.days_off):
                first, after, name = band.price(first), band.price(after), band.name
                break
        bundle = self.bundle
        is_gift = bundle is not None and side is Side.OUTGOING and found.destination in bundle.destinations
        gift = bundle.name if bundle and is_gift else ""
        is_freephone = found.destination == FREEPHONE  # costs nothing, nor does setting it up
        terms = replace(self.terms, setup_fee=ZERO) if is_freephone else self.terms
        return Rate(terms, side, found.destination, found.prefix, first, after, name, gift)


class Every(Enum):
    """How often a fee is due."""

    DAY = "day"
    MONTH = "month"
    ONCE = "once"
    NUMBER_MONTH = "number-month"  # guaranteed payment for each number and month


@dataclass(frozen=True, slots=True)
class Fee:
    """What a plan asks besides its connections; charged by nobody yet."""

    name: str
    kopecks: Money
    every: Every
    rule: str


class Plan:
    """All versions of one plan, oldest first."""

    def __init__(
        self, name: str, title: str, funds: Funds, versions: Sequence[Version], fees: tuple[Fee, ...] = ()
    ) -> None:
        self.name = name
        self.title = title
        self.funds = funds
        self.fees = fees
        self.versions = tuple(sorted(versions, key=lambda version: version.from_ms))
        self._newest_first = self.versions[::-1]
        self._gifts: dict[str, int] = {}

    def version_at(self, at_ms: int) -> Version | None:
        for version in self._newest_first:
            if version.from_ms <= at_ms:
                return version
        return None

    def gift_s(self, month: str) -> int:
        """What a month grants: the most that any of its versions does, whenever it is asked."""
        granted = self._gifts.get(month)
        if granted is None:
            granted = self._gifts[month] = self._gift_s(month)
        return granted

    def _gift_s(self, month: str) -> int:
        begin_ms, end_ms = bounds_of(month)
        last = self.version_at(begin_ms)
        of_month = [version for version in self.versions if begin_ms < version.from_ms < end_ms]
        versions = [last, *of_month] if last else of_month
        return max((version.bundle.seconds for version in versions if version.bundle), default=0)

    def moments(self, begin_ms: int, until_ms: int) -> list[int]:
        """When to ask for a rate so as to have met every one between two moments."""
        current = self.version_at(begin_ms)
        if current and current is self.versions[-1] and not current.bands:
            return [begin_ms]
        versions = [version for version in self.versions if begin_ms < version.from_ms <= until_ms]
        if not versions and not (current and current.bands):
            return [begin_ms]
        minute_ms = begin_ms - begin_ms % MINUTE_MS + MINUTE_MS
        minutes = range(minute_ms, until_ms + 1, MINUTE_MS)
        return [begin_ms, *sorted({*minutes, *(version.from_ms for version in versions)})]
