"""All connections of one call: the caller's, if the subscriber pays for it, and the tries to reach a target.

Rule 1: both ways begin with the answer and end together, at the first hang-up of either side (S-3, S-7). A
    caller whom a menu or a queue has answered is connected to that: the way in begins there.
Rule 2: each has its own hold, its own bill and its own line in the ledger.
"""

from callctl.calls.legs import ANSWER_LAG_MS_MAX, Attempt, Leg, LegState, leg_id_of
from callctl.calls.money.meter import Meter
from callctl.calls.money.purse import Purse
from callctl.calls.money.ticket import Ticket
from callctl.calls.records import Connection, EndedBy, LegBegan, LegHeld, LegSettled
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
        self._began_ms: int | None = None  # whoever talks after the first one changes nothing of the way in
        self._began_alone = False
        self.attempts: list[Attempt] = []
        self._tries = 0
        self.talking: Attempt | None = None

    @property
    def attempt(self) -> Attempt | None:
        """The one that talks, or the first that rings."""
        return self.talking or next(iter(self.open), None)

    @property
    def open(self) -> list[Attempt]:
        """Whose bill is still to come."""
        return [attempt for attempt in self.attempts if not attempt.is_settled]

    @property
    def legs(self) -> list[Leg]:
        return [self._caller, *(attempt.leg for attempt in self.attempts)]

    @property
    def way_in(self) -> Meter | None:
        ticket = self._incoming
        return ticket.meter if ticket and not ticket.is_settled else None

    @property
    def meters(self) -> list[Meter]:
        """Of what runs now, the way in first."""
        out = [attempt.ticket.meter for attempt in self.open]
        return [meter for meter in (self.way_in, *out) if meter]

    @property
    def held(self) -> int:
        """Money that is promised to the call, in kopecks."""
        return sum(meter.held for meter in self.meters)

    def forget_gone(self) -> list[Leg]:
        """Those of which nothing more is to come: a caller may wait for hours while members are rung."""
        over = [attempt.leg for attempt in self.attempts if self._is_over(attempt)]
        if over:
            self.attempts = [attempt for attempt in self.attempts if not self._is_over(attempt)]
        return over

    def admit_caller(self, at_ms: int, until_ms: int) -> tuple[Connection, LegHeld | Refusal | None]:
        """None: the way in costs nothing."""
        connection = self._connection(CALLERS_OWN, self._line)
        meter = self._purse.admit_caller(connection.leg_id, at_ms, until_ms)
        if meter is None or isinstance(meter, Refusal):
            return connection, meter
        self._incoming = Ticket(connection, meter)
        return connection, self._incoming.held(at_ms)

    def admit_call_back(self, at_ms: int, until_ms: int) -> tuple[Connection, LegHeld | Refusal]:
        """The way to the caller, who is called back: it lasts as long as a way in."""
        leg_id, line = leg_id_of(self._call_id, CALLERS_OWN), self._line
        connection = Connection(self._account_id, leg_id, self._call_id, line, self._caller.number, line)
        meter = self._purse.admit_call_back(leg_id, at_ms, until_ms)
        if isinstance(meter, Refusal):
            return connection, meter
        self._incoming = Ticket(connection, meter)
        return connection, self._incoming.held(at_ms)

    def admit(self, target: str, at_ms: int, ring_until_ms: int) -> tuple[Connection, Attempt | Refusal]:
        connection = self._next_connection(target)
        meter = self._purse.admit(connection.leg_id, target, at_ms, ring_until_ms)
        if isinstance(meter, Refusal):
            return connection, meter
        return connection, self._try(Ticket(connection, meter), target, at_ms, ring_until_ms)

    def admit_inside(self, target: str, at_ms: int, ring_until_ms: int) -> Attempt:
        """To a phone of the subscriber's own: nobody pays for that (CLV-P6)."""
        ticket = Ticket(self._next_connection(target), None, is_inside=True)
        return self._try(ticket, target, at_ms, ring_until_ms)

    def adopt_inside(self, leg: Leg, target: str, ring_until_ms: int) -> Attempt:
        """A phone of the subscriber's own that called us, to take this call."""
        ticket = Ticket(self._next_connection(target), None, is_inside=True)
        attempt = Attempt(leg, self._caller, ticket, ring_until_ms)
        self.attempts.append(attempt)
        return attempt

    def began(self, attempt: Attempt, at_ms: int) -> list[LegBegan]:
        """The target has answered and talks; the caller is answered in the same moment, or soon."""
        way_in: list[LegBegan] = []
        if self._began_ms is None:
            self._began_ms = at_ms
            way_in = self._caller_began(at_ms)
        self.talking = attempt
        return [*([] if attempt.was_met else [attempt.began(at_ms)]), *way_in]

    def caller_answered(self, at_ms: int) -> list[LegBegan]:
        began_ms = self._began_ms
        if began_ms is None:
            self._began_ms, self._began_alone = at_ms, True
            return self._caller_began(at_ms)
        if self._began_alone:
            return []
        return self._caller_began(min(max(at_ms, began_ms), began_ms + ANSWER_LAG_MS_MAX))

    def resume(self, way_in: Ticket | None, talking: Attempt | None, tries: int) -> None:
        """What an earlier life of the service left; `tries` are those that it has made."""
        self._incoming, self.talking, self._tries = way_in, talking, tries
        self.attempts = [talking] if talking else []
        began = [talking.leg.answered_at_ms if talking else None, way_in.answered_at_ms if way_in else None]
        self._began_ms = min((moment for moment in began if moment is not None), default=None)
        self._began_alone = bool(way_in and way_in.answered_at_ms) and not talking

    def end_talk(self, at_ms: int, ended_by: EndedBy, cause: int) -> list[LegSettled]:
        """Of who talked to the caller; the way in goes on."""
        talking, self.talking = self.talking, None
        return talking.settle(at_ms, ended_by, cause) if talking and not talking.is_settled else []

    def settle(self, at_ms: int, ended_by: EndedBy, cause: int) -> list[LegSettled]:
        """The bills of all that runs."""
        bills = [bill for attempt in self.open for bill in attempt.settle(at_ms, ended_by, cause)]
        return bills + self.settle_caller(at_ms, ended_by, cause)

    def settle_caller(self, at_ms: int, ended_by: EndedBy, cause: int) -> list[LegSettled]:
        """The way in, which outlives tries that failed."""
        ticket = self._incoming
        if ticket is None or ticket.is_settled:
            return []
        is_connected = not self._caller.answer_refused and (
            self._began_alone or self._began_ms is None or self._caller.has_met(self._began_ms, at_ms)
        )
        return ticket.settle(at_ms, ended_by, cause, is_connected=is_connected)

    def _is_over(self, attempt: Attempt) -> bool:
        is_gone = attempt.leg.state is LegState.GONE
        return is_gone and attempt.is_settled and attempt is not self.talking

    def _try(self, ticket: Ticket, target: str, at_ms: int, ring_until_ms: int) -> Attempt:
        leg = Leg(ticket.connection.leg_id, target, LegState.PLACED, at_ms)
        attempt = Attempt(leg, self._caller, ticket, ring_until_ms)
        self.attempts.append(attempt)
        return attempt

    def _caller_began(self, at_ms: int) -> list[LegBegan]:
        """Told twice, the later moment counts; the terms stay those of the first."""
        ticket = self._incoming
        if ticket is None or ticket.is_settled or at_ms <= (ticket.answered_at_ms or 0):
            return []
        return [ticket.began(at_ms)]

    def _next_connection(self, target: str) -> Connection:
        self._tries += 1
        return self._connection(self._tries, target)

    def _connection(self, number: int, target: str) -> Connection:
        leg_id = leg_id_of(self._call_id, number)
        return Connection(self._account_id, leg_id, self._call_id, self._caller.number, target, self._line)
