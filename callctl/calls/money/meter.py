"""The money of one connection: a unit is secured before it starts, the rest is given back at the end.

Rule 1: what is secured is what is owed; the ledger refuses a unit that would overdraw.
Rule 2: billed is the lesser of what was talked and what was secured, so late news cost the operator
milliseconds and the subscriber nothing.
Rule 3: before the answer the dearest terms that it may meet are held; from the answer on, its own (S-6).
"""

from rating.charge import Charge, Secured, charge_connection, charge_nothing, duration_s
from rating.entries import Entry, EntryKind
from rating.ledger import Hold, Ledger
from rating.money import Money
from rating.pots import money_in
from rating.quote import Quote, first_asks, next_ask
from rating.refusal import Refusal
from rating.tariff import Rate, same_rate


class Meter:
    __slots__ = ("_answered_at_ms", "_held_for", "_hold", "_ledger", "_quote", "_rate")

    def __init__(self, ledger: Ledger, hold: Hold, quote: Quote, rate: Rate, held_for: Rate) -> None:
        self._ledger = ledger
        self._hold = hold
        self._quote = quote
        self._rate = rate
        self._held_for = held_for
        self._answered_at_ms: int | None = None

    @classmethod
    def open(cls, ledger: Ledger, leg_id: str, quote: Quote, at_ms: int, until_ms: int) -> "Meter | Refusal":
        """Hold the first unit, before the leg is placed that may be answered until then."""
        rate = quote.admit(at_ms)
        if isinstance(rate, Refusal):
            return rate
        dearest = quote.dearest(rate, at_ms, until_ms)
        if not ledger.takes_paid and not dearest.is_free:
            return Refusal.NOT_RECORDED
        sources = quote.sources(rate, at_ms)
        account = quote.account
        hold = ledger.hold(leg_id, account.account_id, sources, *first_asks(dearest))
        if isinstance(hold, Refusal):
            return hold
        asked = quote.asked(rate)
        if asked and (refusal := account.watch.begin(account.guards, hold, asked, at_ms)):
            ledger.release(hold)
            return refusal
        return cls(ledger, hold, quote, rate, dearest)

    @classmethod
    def open_at(
        cls, ledger: Ledger, leg_id: str, quote: Quote, rate: Rate, answered_ms: int
    ) -> "Meter | Refusal":
        """For a connection whose terms are known and whose answer lies behind us."""
        sources = quote.sources(rate, answered_ms)
        hold = ledger.hold(leg_id, quote.account.account_id, sources, *first_asks(rate))
        if isinstance(hold, Refusal):
            return hold
        if asked := quote.asked(rate):
            quote.account.watch.resume(hold, asked)
        return cls(ledger, hold, quote, rate, rate)

    def resume(self, answered_ms: int) -> None:
        """It was answered before our time, with the terms that it has."""
        self._answered_at_ms = answered_ms

    @property
    def rate(self) -> Rate:
        return self._rate

    @property
    def is_alone(self) -> bool:
        """Nobody else draws on the account now, so what is foreseen comes true."""
        return self._hold.account.holds == 1

    @property
    def held(self) -> Money:
        return self._hold.amount

    @property
    def units(self) -> int:
        """How many are secured."""
        return self._hold.units

    @property
    def is_plain(self) -> bool:
        """Only the balance pays, or has a say."""
        return self._hold.is_plain

    @property
    def is_paid(self) -> bool:
        """Something is held for it that must be written down before it is spent."""
        return not self._held_for.is_free

    @property
    def answered_at_ms(self) -> int:
        assert self._answered_at_ms is not None
        return self._answered_at_ms

    def answered(self, at_ms: int) -> bool:
        """True when the terms are others than at admission. Told again, only the moment is another."""
        is_known = self._answered_at_ms is not None
        self._answered_at_ms = at_ms
        if is_known:
            return False
        rate = self._quote.rate_at(at_ms)
        if isinstance(rate, Refusal):
            rate = self._rate  # what was admitted is kept, also when it is sold no more
        sources = self._quote.sources(rate, at_ms)
        if not same_rate(rate, self._held_for) or sources != self._hold.sources:
            self._ledger.hold_again(self._hold, sources, *first_asks(rate))
            self._held_for = rate
        is_other = not same_rate(rate, self._rate)
        self._rate = rate
        return is_other

    @property
    def is_endless(self) -> bool:
        """Nothing more is to be bought."""
        return self._rate.next_price == 0 and self._hold.units > 0

    @property
    def paid_until_ms(self) -> int | None:
        """When something must be bought, or the longest connection is over; None: never."""
        paid_ms = None if self.is_endless else self._rate.terms.covered_ms(self._hold.units)
        return self._after_answer(paid_ms)

    @property
    def affordable_until_ms(self) -> int | None:
        """When the money ends if nobody else draws on it."""
        if self.is_endless or self._hold.units == 0:
            return self.paid_until_ms
        units = self._hold.units + self._ledger.units_left(self._hold, next_ask(self._rate))
        return self._after_answer(self._rate.terms.covered_ms(units))

    def is_longest(self, at_ms: int) -> bool:
        """The longest connection that the operator allows is over (GAZ-5.3.2)."""
        longest_s = self._rate.terms.longest_s
        assert self._answered_at_ms is not None
        return longest_s is not None and at_ms >= self._answered_at_ms + longest_s * 1000

    def buy_unit(self) -> Refusal | None:
        """None when the next unit is secured."""
        answered_ms = self._answered_at_ms
        if answered_ms is not None and self._quote.is_paid_since(self._hold.sources):
            self._hold.sources = self._quote.sources(self._rate, answered_ms)
        if self._hold.units == 0:
            asks = first_asks(self._rate)
            return self._ledger.hold_again(self._hold, self._hold.sources, *asks)
        return self._ledger.extend(self._hold, next_ask(self._rate))

    def buy_until(self, units: int) -> Refusal | None:
        """None when so many units are secured; as many as can be paid in any case."""
        if self.is_endless:
            return None
        return self._ledger.extend_many(self._hold, next_ask(self._rate), units - self._hold.units)

    def release(self) -> None:
        """Give back all that is held; it costs nothing."""
        self._quote.account.watch.drop(self._hold.hold_id)
        self._ledger.release(self._hold)

    def settle(self, ended_at_ms: int, *, is_connected: bool) -> tuple[Charge, tuple[Entry, ...]]:
        """The bill and its ledger lines; no line when nothing is owed."""
        if self._answered_at_ms is None:
            charge = charge_nothing("unanswered", "S-3")
        elif not is_connected:
            charge = charge_nothing("not_connected", "S-15")
        else:
            return self.charge(duration_s(self._answered_at_ms, ended_at_ms), ended_at_ms)
        self._quote.account.watch.drop(self._hold.hold_id)
        self._ledger.settle(self._hold, 0, with_setup=False, at_ms=ended_at_ms)
        return charge, ()

    def charge_as_talked(self, seconds: int, at_ms: int) -> tuple[Charge, tuple[Entry, ...]]:
        """Buy what was talked, as far as it can be paid, then settle."""
        self.buy_until(self._rate.terms.units(seconds))
        return self.charge(seconds, at_ms)

    def charge(
        self, seconds: int, at_ms: int, kind: EntryKind = EntryKind.CONNECTION
    ) -> tuple[Charge, tuple[Entry, ...]]:
        """What so many seconds cost, of what is secured."""
        units_talked = self._rate.terms.units(seconds)
        secured = self._hold.secured
        units = min(units_talked, self._hold.units)
        if self.is_endless:
            secured.append(Secured(units_talked, False))
        settled = self._ledger.settle(self._hold, units, with_setup=units > 0, at_ms=at_ms, kind=kind)
        assert settled, self._hold
        draws, entries = settled
        charge = charge_connection(self._rate, seconds, secured, draws)
        assert charge.amount == money_in(draws), (charge, draws)
        account = self._quote.account
        account.watch.end(account.guards, self._hold.hold_id, seconds, charge.amount, at_ms)
        return charge, entries

    def _after_answer(self, paid_ms: int | None) -> int | None:
        assert self._answered_at_ms is not None
        longest_s = self._rate.terms.longest_s
        lengths = [paid_ms, longest_s * 1000 if longest_s else None]
        shortest = min((length for length in lengths if length is not None), default=None)
        return None if shortest is None else self._answered_at_ms + shortest
