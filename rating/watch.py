"""What the guards know of one account: its paid connections to numbers outside, as far back as they look.

Rule 1: counted is what was admitted, never what was refused. All connections of one call are one call.
Rule 2: what it holds has bounds: the calls of a minute, the minutes of an hour, the destinations of a plan.
Rule 3: the same is known after a start, from the records of connections (`learn`); to learn twice is to learn
    once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from rating.calendar import MINUTE_MS, day_of
from rating.guards import Guards
from rating.money import Money
from rating.refusal import Refusal

HOUR_MINUTES: Final = 60
NEW_CALLS_MAX: Final = 1_000  # no guard allows more


class Promised(Protocol):
    """What is held for a connection, as it grows."""

    @property
    def hold_id(self) -> str: ...
    @property
    def amount(self) -> Money: ...


class Asked(NamedTuple):
    """A connection that costs something."""

    call: str
    destination: str
    minute_price: int


class Days(NamedTuple):
    """On which somebody talked to a destination, as numbers: the last one, and the last before that."""

    last: int
    before: int


class Usage(NamedTuple):
    """Of what the guards allow."""

    calls_at_once: int
    calls_a_minute: int
    money_an_hour: int
    new_calls_a_day: int
    new_money_a_day: int


@dataclass(frozen=True, slots=True)
class History:
    """What the records say of one account."""

    asked: Sequence[tuple[Asked, int]] = ()  # and when
    minutes: Mapping[int, int] = field(default_factory=dict)  # kopecks of talks that ended in a minute
    days: Sequence[tuple[str, int]] = ()  # destination, and a day on which a talk to it ended
    today: Sequence[tuple[str, int, int]] = ()  # destination, price of a minute, kopecks


@dataclass(slots=True)
class Watch:
    _open: dict[str, tuple[Promised, Asked]] = field(default_factory=dict)
    _calls: dict[str, int] = field(default_factory=dict)  # how many connections each has open
    _asked: dict[str, int] = field(default_factory=dict)  # when each call asked last, in that order
    _minutes: dict[int, int] = field(default_factory=dict)
    _days: dict[str, Days] = field(default_factory=dict)
    _today: int = 0
    _new_calls: set[str] = field(default_factory=set)
    _new_money: int = 0

    def begin(self, guards: Guards, hold: Promised, asked: Asked, at_ms: int) -> Refusal | None:
        """None: it is admitted, and counts."""
        self._forget(at_ms)
        if refusal := self._refusal(guards, hold.amount, asked, at_ms):
            return refusal
        self.resume(hold, asked)
        self._note_asked(guards, asked, at_ms)
        return None

    def resume(self, hold: Promised, asked: Asked) -> None:
        """It was admitted before, whatever the guards say now."""
        if hold.hold_id not in self._open:
            self._open[hold.hold_id] = hold, asked
            self._calls[asked.call] = self._calls.get(asked.call, 0) + 1

    def end(self, guards: Guards, hold_id: str, seconds: int, amount: int, at_ms: int) -> None:
        """So long was talked, for so much."""
        asked = self.drop(hold_id)
        if asked is None or seconds == 0:
            return
        self._turn_day(at_ms)
        minute, day = at_ms // MINUTE_MS, _number_of(at_ms)
        self._minutes[minute] = self._minutes.get(minute, 0) + amount
        if day == self._today and self._is_new(guards, asked.destination, asked.minute_price):
            self._new_money += amount
        self._mark(asked.destination, day)

    def drop(self, hold_id: str) -> Asked | None:
        """It is over, and cost nothing."""
        _, asked = self._open.pop(hold_id, (None, None))
        if asked is not None:
            self._calls[asked.call] -= 1
            if not self._calls[asked.call]:
                del self._calls[asked.call]
        return asked

    def usage(self, guards: Guards, at_ms: int) -> Usage:
        self._forget(at_ms)
        return Usage(
            len(self._calls),
            len(self._asked),
            self._hour_money(),
            len(self._new_calls),
            self._new_money + self._held_on_new(guards),
        )

    def learn(self, guards: Guards, history: History, at_ms: int) -> None:
        """Beside what is known already: both may lack a little of the other."""
        for destination, day in history.days:
            self._mark(destination, day)
        for minute, amount in history.minutes.items():
            self._minutes[minute] = max(amount, self._minutes.get(minute, 0))
        self._turn_day(at_ms)
        known = dict(self._asked)
        for asked, asked_ms in history.asked:
            known[asked.call] = max(asked_ms, known.get(asked.call, 0))
            if _number_of(asked_ms) == self._today:
                self._note_new(guards, asked)
        self._asked = dict(sorted(known.items(), key=lambda call: call[1]))
        of_today = sum(money for name, price, money in history.today if self._is_new(guards, name, price))
        self._new_money = max(self._new_money, of_today)
        self._forget(at_ms)

    def _refusal(self, guards: Guards, need: int, asked: Asked, at_ms: int) -> Refusal | None:
        """The first guard that is against it; `need` is held for it already."""
        call = asked.call
        if _is_above(asked.minute_price, guards.night_price) and guards.is_night(at_ms):
            return Refusal.NIGHT_PRICE
        if call not in self._calls and _is_full(guards.calls_at_once, len(self._calls)):
            return Refusal.CALLS_AT_ONCE
        if call not in self._asked and _is_full(guards.calls_a_minute, len(self._asked)):
            return Refusal.CALLS_A_MINUTE
        if self._is_new(guards, asked.destination, asked.minute_price):
            if call not in self._new_calls and _is_full(guards.new_calls_a_day, len(self._new_calls)):
                return Refusal.NEW_CALLS
            if guards.new_money_a_day is not None:
                spent = self._new_money + self._held_on_new(guards)
                if _is_above(spent + need, guards.new_money_a_day):
                    return Refusal.NEW_MONEY
        if guards.money_an_hour is not None and _is_above(self._hour_money() + need, guards.money_an_hour):
            return Refusal.MONEY_AN_HOUR
        return None

    def _note_asked(self, guards: Guards, asked: Asked, at_ms: int) -> None:
        self._asked.pop(asked.call, None)
        self._asked[asked.call] = at_ms
        self._note_new(guards, asked)

    def _note_new(self, guards: Guards, asked: Asked) -> None:
        is_new = self._is_new(guards, asked.destination, asked.minute_price)
        if is_new and len(self._new_calls) < NEW_CALLS_MAX:
            self._new_calls.add(asked.call)

    def _hour_money(self) -> int:
        return sum(self._minutes.values()) + sum(hold.amount for hold, _ in self._open.values())

    def _held_on_new(self, guards: Guards) -> int:
        return sum(
            hold.amount
            for hold, asked in self._open.values()
            if self._is_new(guards, asked.destination, asked.minute_price)
        )

    def _is_new(self, guards: Guards, destination: str, minute_price: int) -> bool:
        """Through the whole of today, whoever talks to it meanwhile."""
        if not guards.watches_new or minute_price < guards.new_price:
            return False
        days = self._days.get(destination)
        if days is None:
            return True
        before_today = days.last if days.last < self._today else days.before
        return self._today - before_today > guards.new_after_days

    def _mark(self, destination: str, day: int) -> None:
        """News of a talk may come in any order."""
        last, before = self._days.get(destination, (0, 0))
        if day > last:
            self._days[destination] = Days(day, last)
        elif before < day < last:
            self._days[destination] = Days(last, day)

    def _turn_day(self, at_ms: int) -> None:
        if (day := _number_of(at_ms)) > self._today:
            self._today = day
            self._new_calls.clear()
            self._new_money = 0

    def _forget(self, at_ms: int) -> None:
        self._turn_day(at_ms)
        while self._asked and self._asked[oldest := next(iter(self._asked))] <= at_ms - MINUTE_MS:
            del self._asked[oldest]
        until = at_ms // MINUTE_MS - HOUR_MINUTES
        if self._minutes and min(self._minutes) <= until:
            self._minutes = {minute: money for minute, money in self._minutes.items() if minute > until}


def _is_full(most: int | None, now: int) -> bool:
    return most is not None and now >= most


def _is_above(amount: int, most: int | None) -> bool:
    return most is not None and amount > most


def _number_of(at_ms: int) -> int:
    return day_of(at_ms).toordinal()
