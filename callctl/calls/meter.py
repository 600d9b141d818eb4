"""The money of one connection: a unit is secured before it starts, the rest is given back at the end.

Rule 1: what is secured is what is owed; the ledger refuses a unit that would overdraw.
Rule 2: billed is the lesser of what was talked and what was secured, so late news cost the operator
milliseconds and the subscriber nothing.
"""

from rating.charge import Charge, charge_connection, charge_nothing, duration_s
from rating.ledger import Entry, Hold, Ledger
from rating.money import Money
from rating.refusal import Refusal
from rating.tariff import Rate


class Meter:
    def __init__(self, ledger: Ledger, hold: Hold, rate: Rate) -> None:
        self._ledger = ledger
        self._hold = hold
        self._rate = rate
        self._units = 1
        self._answered_at_ms: int | None = None

    @classmethod
    def open(cls, ledger: Ledger, leg_id: str, account_id: str, rate: Rate) -> "Meter | Refusal":
        """Hold the first unit, before the leg is placed."""
        hold = ledger.hold(leg_id, account_id, rate.first_price)
        return hold if isinstance(hold, Refusal) else cls(ledger, hold, rate)

    @property
    def rate(self) -> Rate:
        return self._rate

    @property
    def is_free(self) -> bool:
        """A destination of the plan that costs nothing: there is no unit to buy and no end of the money."""
        return self._rate.unit_price == 0

    @property
    def is_alone(self) -> bool:
        """Nobody else draws on the account now, so what is foreseen comes true."""
        return self._hold.account.holds == 1

    @property
    def held(self) -> Money:
        return self._hold.amount

    def answered(self, at_ms: int) -> None:
        self._answered_at_ms = at_ms

    @property
    def paid_until_ms(self) -> int:
        assert self._answered_at_ms is not None
        return self._answered_at_ms + self._units * self._rate.unit_ms

    @property
    def affordable_until_ms(self) -> int:
        """When the money ends if nobody else draws on it."""
        units_more = self._hold.account.available // self._rate.unit_price
        return self.paid_until_ms + units_more * self._rate.unit_ms

    def buy_unit(self) -> bool:
        if self._ledger.extend(self._hold, self._rate.unit_price) is not None:
            return False
        self._units += 1
        return True

    def settle(self, ended_at_ms: int, *, is_connected: bool) -> tuple[Charge, Entry | None]:
        """The bill and its ledger line; no line when nothing is owed."""
        if self._answered_at_ms is None:
            charge = charge_nothing("unanswered", "S-3")
        elif not is_connected:
            charge = charge_nothing("not_connected", "S-15")
        else:
            seconds = duration_s(self._answered_at_ms, ended_at_ms)
            charge = charge_connection(self._rate, seconds, seconds if self.is_free else self._units)
        entry = self._ledger.settle(self._hold, charge.amount, ended_at_ms)
        return charge, entry if entry and entry.amount else None
