"""One connection from its hold to its bill, as records.

Rule 1: every hold gets exactly one bill.
Rule 2: a connection with nothing to pay has records all the same; its bill says why it costs nothing.
"""

from dataclasses import dataclass

from callctl.calls.money.meter import Meter
from callctl.calls.records import Connection, EndedBy, LegBegan, LegHeld, LegSettled
from rating.charge import charge_nothing, duration_s
from rating.entries import Entry
from rating.money import ZERO


@dataclass(slots=True)
class Ticket:
    connection: Connection
    meter: Meter | None  # None: inside, or emergency, which is outside everything
    answered_at_ms: int | None = None
    is_settled: bool = False
    is_inside: bool = False

    def held(self, at_ms: int) -> LegHeld:
        rate, amount = (self.meter.rate, self.meter.held) if self.meter else (None, ZERO)
        return LegHeld(self.connection, at_ms, rate, amount)

    def began(self, at_ms: int) -> LegBegan:
        self.answered_at_ms = at_ms
        is_other = self.meter.answered(at_ms) if self.meter else False
        rate = self.meter.rate if self.meter and is_other else None
        return LegBegan(self.connection.account_id, self.connection.leg_id, at_ms, rate)

    def settle(
        self, at_ms: int, ended_by: EndedBy, cause: int, *, is_connected: bool = True
    ) -> list[LegSettled]:
        """The bill."""
        assert not self.is_settled, self.connection.leg_id
        self.is_settled = True
        entries: tuple[Entry, ...] = ()
        if self.meter:
            charge, entries = self.meter.settle(at_ms, is_connected=is_connected)
        elif self.answered_at_ms is None:
            charge = charge_nothing("unanswered", "S-3")
        else:
            seconds = duration_s(self.answered_at_ms, at_ms)
            charge = (
                charge_nothing("inside", "CLV-P6", seconds)
                if self.is_inside
                else charge_nothing("emergency", "S-13", seconds)
            )
        on = self.connection
        return [LegSettled(on.account_id, on.leg_id, at_ms, charge, entries, ended_by, cause)]
