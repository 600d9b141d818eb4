"""What a language needs to explain a bill: sentences with holes, nouns with plurals, ways to write numbers.

Rule 1: every language says the same things; a sentence that only one has is no field here.
Rule 2: money is `1.69 RUB` in English and `1,69 руб.` in Russian, without signs between thousands.
Rule 3: what is counted stands where it is the subject, after a colon or a dash, so that one form per number
    is enough; only prices (`за минуту`) have a form of their own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from callctl.calls.records import EndedBy
from rating.calendar import MOSCOW
from rating.charge import LineKind
from rating.money import show_roubles
from rating.refusal import Refusal

Noun = tuple[str, str, str]  # after 1, after 2, after 5


@dataclass(frozen=True, slots=True)
class Refused:
    why: str
    remedy: str  # what the subscriber or the operator can do


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    form: Callable[[int], int]  # which of a noun's forms stands after a number
    second: Noun
    minute: Noun
    unit: Noun
    a_second: Noun  # what a price is for
    a_minute: Noun
    units_of: str
    decimal: str
    money: str
    day: str
    month: str
    months: tuple[str, ...]

    called: str
    forwarded: str
    nobody: str  # in place of an account
    caller: str
    hidden: str  # in place of a caller
    late: str
    incoming: str
    outgoing: str

    tried: str
    answered: str
    not_answered: str
    running: str
    seconds_too: str

    tariff: str
    version: str
    prefix: str
    every_prefix: str
    band: str
    one_price: str
    two_prices: str
    no_price: str

    counting: str
    threshold: str
    offset: str
    one_unit: str
    two_units: str
    setup: str
    longest: str

    paid: str
    from_gift: str
    from_pool: str
    from_balance: str
    charged: str
    vat: str
    no_vat: str

    refused: str
    remedy: str

    lines: Mapping[LineKind, str]
    ended_by: Mapping[EndedBy, str]
    refusals: Mapping[Refusal, Refused]

    def counted(self, number: int, noun: Noun) -> str:
        return f"{number} {noun[self.form(number)]}"

    def span(self, seconds: int) -> str:
        """`3 minutes 1 second`."""
        minutes, rest = divmod(seconds, 60)
        parts = [self.counted(minutes, self.minute)] if minutes else []
        if rest or not minutes:
            parts.append(self.counted(rest, self.second))
        return " ".join(parts)

    def each(self, seconds: int) -> str:
        """`minute`, `6 seconds`: what a price is for."""
        minutes, rest = divmod(seconds, 60)
        number, noun = (seconds, self.a_second) if rest else (minutes, self.a_minute)
        return noun[0] if number == 1 else self.counted(number, noun)

    def units(self, number: int, seconds: int) -> str:
        """`3 minutes`, or `3 units of 6 s`."""
        if seconds in (1, 60):
            return self.counted(number, self.minute if seconds == 60 else self.second)
        return self.units_of.format(units=self.counted(number, self.unit), seconds=seconds)

    def roubles(self, kopecks: int) -> str:
        return self.money.format(show_roubles(kopecks).replace(".", self.decimal))

    def date(self, at: datetime) -> str:
        return at.astimezone(MOSCOW).strftime(self.day)

    def time(self, at: datetime) -> str:
        return at.astimezone(MOSCOW).time().isoformat("milliseconds").replace(".", self.decimal)

    def month_of(self, name: str) -> str:
        """Of `2026-11`."""
        year, month = name.split("-")
        return self.month.format(month=self.months[int(month) - 1], year=year)
