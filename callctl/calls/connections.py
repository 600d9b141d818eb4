"""All connections of one call: the caller's, if the subscriber pays for it, and the tries to reach a target.

Rule 1: both ways begin with the answer and end together, at the first hang-up of either side (S-3, S-7).
Rule 2: each has its own hold, its own bill and its own line in the ledger.
"""

from callctl.calls.legs import ANSWER_LAG_MS_MAX, Attempt, Leg, LegState, leg_id_of
from callctl.calls.meter import Meter
from callctl.calls.purse import Purse
from callctl.calls.records import Connection, EndedBy, LegBegan, LegHeld, LegSettled
from callctl.calls.ticket import Ticket
from rating.refusal import Refusal

CALLERS_OWN = 0  # its number; tries count from 1


class Connections:
    def __init__(self, call_id: str, account_id: str, line: str, caller: Leg, purse: Purse) -> None:
        self._call_id = call_id
        self._account_id = account_id
        self._line = line
        self._caller = caller
        self._purse = purse
        self._incoming: Ticket | None = None
        self.attempts: list[Attempt] = []
        self._tries = 0

    @property
    def attempt(self) -> Attempt | None:
        """The one that rings or talks now."""
        return self.attempts[-1] if self.attempts and not self.attempts[-1].is_settled else None

    @property
    def legs(self) -> list[Leg]:
        return [self._caller, *(attempt.leg for attempt in self.attempts)]

    @property
    def meters(self) -> list[Meter]:
        """Of what runs now, the way in first."""
        tickets = [self._incoming, self.attempt.ticket if self.attempt else None]
        return [ticket.meter for ticket in tickets if ticket and ticket.meter and not ticket.is_settled]

    def admit_caller(self, at_ms: int, until_ms: int) -> tuple[Connection, LegHeld | Refusal | None]:
        """None: the way in costs nothing."""
        connection = self._connection(CALLERS_OWN, self._line)
        meter = self._purse.admit_caller(connection.leg_id, at_ms, until_ms)
        if meter is None or isinstance(meter, Refusal):
            return connection, meter
        self._incoming = Ticket(connection, meter)
        return connection, self._incoming.held(at_ms)

    def admit(self, target: str, at_ms: int, ring_until_ms: int) -> tuple[Connection, Attempt | Refusal]:
        self._tries += 1
        connection = self._connection(self._tries, target)
        meter = self._purse.admit(connection.leg_id, target, at_ms, ring_until_ms)
        if isinstance(meter, Refusal):
            return connection, meter
        leg = Leg(connection.leg_id, target, LegState.PLACED, at_ms)
        attempt = Attempt(leg, self._caller, Ticket(connection, meter), ring_until_ms)
        self.attempts.append(attempt)
        return connection, attempt

    def began(self, attempt: Attempt, at_ms: int) -> list[LegBegan]:
        """The target has answered; the caller is answered in the same moment, or soon."""
        way_in = self._caller_began(at_ms)
        return [attempt.began(at_ms), *way_in]

    def caller_answered(self, at_ms: int) -> list[LegBegan]:
        callee_at_ms = self.attempt.leg.answered_at_ms if self.attempt else None
        if callee_at_ms is not None:
            at_ms = min(max(at_ms, callee_at_ms), callee_at_ms + ANSWER_LAG_MS_MAX)
        return self._caller_began(at_ms)

    def settle(self, at_ms: int, ended_by: EndedBy, cause: int) -> list[LegSettled]:
        """The bills of all that runs."""
        attempt = self.attempt
        bills = attempt.settle(at_ms, ended_by, cause) if attempt else []
        return bills + self.settle_caller(at_ms, ended_by, cause)

    def settle_ending(self, cause: int) -> list[LegSettled]:
        attempt = self.attempt
        assert attempt and attempt.ending
        return self.settle(attempt.ending.at_ms, attempt.ending.by, cause)

    def settle_caller(self, at_ms: int, ended_by: EndedBy, cause: int) -> list[LegSettled]:
        """The way in, which outlives tries that failed."""
        ticket = self._incoming
        if ticket is None or ticket.is_settled:
            return []
        is_connected = not self.attempts or self.attempts[-1].is_connected(at_ms)
        return ticket.settle(at_ms, ended_by, cause, is_connected=is_connected)

    def _caller_began(self, at_ms: int) -> list[LegBegan]:
        """Told twice, the later moment counts; the terms stay those of the first."""
        ticket = self._incoming
        if ticket is None or ticket.is_settled or at_ms <= (ticket.answered_at_ms or 0):
            return []
        return [ticket.began(at_ms)]

    def _connection(self, number: int, target: str) -> Connection:
        leg_id = leg_id_of(self._call_id, number)
        return Connection(self._account_id, leg_id, self._call_id, self._caller.number, target, self._line)
