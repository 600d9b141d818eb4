"""Connections for bills to explain, each led from its hold to its bill by the code that does it in service.

Rule 1: nothing of a bill is typed here: amounts, lines and draws are the ledger's and the meter's own.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from callctl.api.words import show_leg
from callctl.calls.legs import leg_id_of
from callctl.calls.money.late import LateBill, LateRecord, bill_late
from callctl.calls.money.meter import Meter
from callctl.calls.money.purse import Purse
from callctl.calls.money.ticket import Ticket
from callctl.calls.records import Connection, EndedBy, LegBegan, LegHeld, LegRefused, LegSettled
from callctl.clock import moment
from callctl.recovery import Ends, settle_open_legs
from callctl.storage.rows import RATE, LegRow
from dialplan.causes import Cause
from rating.calendar import moment_of
from rating.entries import Entry, EntryKind, grant_entries
from rating.guards import NO_GUARDS
from rating.ledger import Account, Ledger
from rating.limits import LimitKind, NumberLimit
from rating.money import Money
from rating.pots import gift_pot, paid_pot
from rating.quote import fund
from rating.refusal import Refusal
from rating.standing import Standing
from tests.golden.bill_plans import TARIFFS


def at(text: str) -> int:
    """By Moscow's clock."""
    return moment_of(datetime.fromisoformat(text))


CALLER, LINE, MOBILE = "74957654321", "74951234567", "79161110002"
TOLL_FREE = "78001234567"
CALL_ID = "1763708400.7"
AT_MS = at("2025-11-21 10:00:00")
MONTH = "2025-11"
RINGS_MS = 8_000

Json = dict[str, Any]


@dataclass
class Desk:
    """One account, and its connections as they would stand in the table."""

    plan: str
    balance: int = 100_000
    line: str = LINE
    caller: str = CALLER
    at_ms: int = AT_MS
    rows: dict[str, LegRow] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ledger = Ledger()
        self.account = Account("ann", "test", self.plan, Money(self.balance))
        fund(self.account, TARIFFS)
        self.ledger.open(self.account)

    @property
    def until_ms(self) -> int:
        return self.at_ms + 30_000

    def pot(self, name: str, amount: int) -> None:
        self.ledger.apply(Entry("ann", name, EntryKind.CORRECTION, amount, self.at_ms, name))

    def incoming(self) -> Ticket | Refusal:
        on = self.connection(0, self.line)
        meter = self._purse().admit_caller(on.leg_id, self.at_ms, self.until_ms)
        assert meter
        return self._begin(on, meter)

    def outgoing(self, target: str = MOBILE, account_id: str = "ann") -> Ticket | Refusal:
        on = replace(self.connection(1, target), account_id=account_id)
        meter = self._purse(account_id).admit(on.leg_id, target, self.at_ms, self.until_ms)
        return self._begin(on, meter)

    def talk(self, ticket: Ticket | Refusal, talked_ms: int, by: EndedBy = EndedBy.CALLER) -> None:
        """Unit by unit, as long as there is money and the plan lets it go on."""
        assert isinstance(ticket, Ticket)
        answered_ms = self.answer(ticket)
        meter, end_ms = ticket.meter, answered_ms + talked_ms
        while meter and (until_ms := meter.paid_until_ms) is not None and until_ms < end_ms:
            if meter.is_longest(until_ms):
                by, end_ms = EndedBy.LONGEST, until_ms
            elif refusal := meter.buy_unit():
                is_limit = refusal is Refusal.NUMBER_LIMIT
                by, end_ms = EndedBy.LIMIT if is_limit else EndedBy.BALANCE, until_ms
        self.settle(ticket, end_ms, by)

    def answer(self, ticket: Ticket | Refusal) -> int:
        assert isinstance(ticket, Ticket)
        at_ms = self.at_ms + RINGS_MS
        self.began(ticket.began(at_ms))
        return at_ms

    def settle(
        self,
        ticket: Ticket | Refusal,
        at_ms: int,
        by: EndedBy,
        cause: int = Cause.NORMAL,
        connected: bool = True,
    ) -> None:
        assert isinstance(ticket, Ticket)
        (settled,) = ticket.settle(at_ms, by, cause, is_connected=connected)
        self.settled(settled)

    def settled(self, record: LegSettled) -> None:
        charge = record.charge
        self._amend(
            record.leg_id,
            ended_at=moment(record.ended_at_ms),
            seconds=charge.seconds,
            units=charge.units,
            charge_kopecks=charge.amount,
            vat_kopecks=charge.vat,
            lines=[asdict(line) for line in charge.lines],
            draws=[asdict(draw) for draw in charge.draws],
            ended_by=record.ended_by.value,
            cause=record.cause,
        )

    def _purse(self, account_id: str = "ann") -> Purse:
        return Purse(self.ledger, TARIFFS, account_id, self.line, self.caller)

    def connection(self, number: int, target: str) -> Connection:
        return Connection("ann", leg_id_of(CALL_ID, number), CALL_ID, self.caller, target, self.line)

    def _begin(self, on: Connection, meter: Meter | Refusal | None) -> Ticket | Refusal:
        if isinstance(meter, Refusal):
            self._refused(LegRefused(on, self.at_ms, meter, Cause.REJECTED))
            return meter
        ticket = Ticket(on, meter)
        self.held(ticket.held(self.at_ms))
        return ticket

    def held(self, record: LegHeld) -> None:
        rate = RATE.dump_python(record.rate, mode="json") if record.rate else None
        self._open(record.connection, record.at_ms, rate, record.amount)

    def began(self, record: LegBegan) -> None:
        self._amend(record.leg_id, answered_at=moment(record.at_ms))
        if record.rate:
            self._amend(record.leg_id, rate=RATE.dump_python(record.rate, mode="json"))

    def _open(self, on: Connection, at_ms: int, rate: Json | None, held: int) -> None:
        self.rows[on.leg_id] = LegRow(
            account_id=on.account_id,
            leg_id=on.leg_id,
            call_id=on.call_id,
            caller=on.caller,
            number=on.number,
            line=on.line,
            held_at=moment(at_ms),
            held_kopecks=held,
            rate=rate,
            answered_at=None,
            ended_at=None,
            seconds=None,
            units=None,
            charge_kopecks=None,
            vat_kopecks=None,
            lines=(),
            draws=(),
            ended_by=None,
            cause=None,
            refusal=None,
        )

    def _refused(self, record: LegRefused) -> None:
        self._open(record.connection, record.at_ms, None, 0)
        self._amend(
            record.connection.leg_id,
            ended_at=moment(record.at_ms),
            seconds=0,
            units=0,
            charge_kopecks=0,
            ended_by="refused",
            cause=record.cause,
            refusal=record.refusal.value,
        )

    def _amend(self, leg_id: str, **columns: Any) -> None:
        self.rows[leg_id] = replace(self.rows[leg_id], **columns)


def talked(plan: str, seconds: float, target: str = MOBILE, **desk: Any) -> Desk:
    made = Desk(plan, **desk)
    made.talk(made.outgoing(target), int(seconds * 1000))
    return made


def inside() -> Desk:
    """A phone of the subscriber's own rings, and answers."""
    desk = Desk("go", balance=0)
    ticket = Ticket(desk.connection(1, "anna"), None, is_inside=True)
    desk.held(ticket.held(desk.at_ms))
    desk.talk(ticket, 61_000)
    return desk


def gift_and_money() -> Desk:
    """Five gift minutes are left of fifty; the call is eight (CLV-P3)."""
    desk = Desk("go")
    desk.pot(gift_pot(MONTH), -45 * 60)
    desk.talk(desk.outgoing(), 430_000, EndedBy.CALLEE)
    return desk


def gift_only() -> Desk:
    desk = Desk("go", balance=0)
    desk.talk(desk.outgoing(), 60_000)
    return desk


def gift_after_money() -> Desk:
    """Half a gift minute does not cover the first unit, a minute; it covers seconds after it."""
    desk = Desk("gift-seconds")
    desk.pot(gift_pot(MONTH), -30)
    desk.talk(desk.outgoing(), 100_000)
    return desk


def no_gift(seconds: float, target: str = MOBILE) -> Desk:
    desk = Desk("go")
    desk.pot(gift_pot(MONTH), -50 * 60)
    desk.talk(desk.outgoing(target), int(seconds * 1000))
    return desk


def toll_free(caller: str = CALLER) -> Desk:
    """Both ways of one call: in by the caller's region, out to the subscriber's mobile."""
    desk = Desk("federal", line=TOLL_FREE, caller=caller)
    way_in, way_out = desk.incoming(), desk.outgoing()
    desk.talk(way_in, 181_900)
    desk.talk(way_out, 181_900)
    return desk


def pool_and_money() -> Desk:
    """6.00 RUB were paid for the number; three minutes to it cost 7.50."""
    desk = Desk("federal", line=TOLL_FREE)
    for entry in grant_entries("ann", paid_pot(TOLL_FREE, MONTH), Money(600), desk.at_ms):
        desk.ledger.apply(entry)
    desk.talk(desk.incoming(), 150_000)
    return desk


def slept() -> Desk:
    """Two units were bought; the service slept while 25 s were talked, and Asterisk ended it."""
    desk = Desk("six")
    ticket = desk.outgoing()
    assert isinstance(ticket, Ticket) and ticket.meter
    answered_ms = desk.answer(ticket)
    ticket.meter.buy_unit()
    desk.settle(ticket, answered_ms + 25_000, EndedBy.SECOND_CUT)
    return desk


def unanswered() -> Desk:
    desk = Desk("go")
    desk.settle(desk.outgoing(), desk.until_ms, EndedBy.SERVICE, Cause.NO_ANSWER)
    return desk


def not_connected() -> Desk:
    desk = Desk("go")
    ticket = desk.outgoing()
    desk.settle(ticket, desk.answer(ticket) + 300, EndedBy.CALLER, connected=False)
    return desk


def not_written_down() -> Desk:
    desk = Desk("go")
    desk.settle(desk.outgoing(), desk.at_ms, EndedBy.REFUSED, Cause.CONGESTION)
    return desk


def lost() -> Desk:
    """The service died in the call; when it is back, the money has gone elsewhere."""
    desk = Desk("six")
    ticket = desk.outgoing()
    desk.answer(ticket)
    (row,) = desk.rows.values()
    after = Desk("six", balance=0)
    ended_ms = {row.leg_id: desk.at_ms + RINGS_MS + 12_000}
    for record in settle_open_legs([row], {}, Ends(ended_ms), after.ledger, TARIFFS):
        assert isinstance(record, LegSettled)
        desk.settled(record)
    return desk


def running() -> Desk:
    desk = Desk("per-minute")
    desk.answer(desk.outgoing())
    return desk


def late() -> Desk:
    """3 minutes at the price of August, told on 20 September (GAZ-13.5); the balance does not hold them."""
    desk = Desk("corporate", balance=3500, at_ms=at("2025-09-20 04:00:00"))
    record = LateRecord("ann", "tr-771", LINE, "905321234567", LINE, at("2025-08-28 21:15:00"), 180)
    bill = bill_late(record, desk.account, desk.ledger, TARIFFS, desk.at_ms)
    assert isinstance(bill, LateBill)
    desk.held(bill.held)
    desk.began(bill.began)
    desk.settled(bill.settled)
    return desk


def refused(plan: str = "go", target: str = MOBILE, account_id: str = "ann", **desk: Any) -> Desk:
    made = Desk(plan, **desk)
    assert isinstance(made.outgoing(target, account_id), Refusal)
    return made


def barred() -> Desk:
    desk = Desk("go")
    desk.account.barred = ("Belarus",)
    desk.outgoing("375291234567")
    return desk


def cut_by_limit() -> Desk:
    desk = Desk("six")
    desk.ledger.set_limit("ann", NumberLimit(LINE, Money(300), LimitKind.LIMIT))
    desk.talk(desk.outgoing(), 60_000)
    return desk


def number_limit() -> Desk:
    desk = Desk("six")
    desk.ledger.set_limit("ann", NumberLimit(LINE, Money(20_000), LimitKind.STOP))
    desk.account.spend(LINE, MONTH, 20_000)
    desk.outgoing()
    return desk


def guarded(**own: int) -> Desk:
    desk = Desk("go")
    desk.account.guards = NO_GUARDS.over(own)
    desk.outgoing("375291234567")
    return desk


def suspended() -> Desk:
    desk = Desk("go")
    desk.account.standing = Standing.SUSPENDED_PARTIAL
    desk.outgoing()
    return desk


def stopped() -> Desk:
    """An 8-800 number without money is refused on the way in."""
    desk = Desk("federal", line=TOLL_FREE, balance=0)
    desk.incoming()
    return desk


DESKS: Final[dict[str, Callable[[], Desk]]] = {
    "plain": lambda: no_gift(125, "375291234567"),
    "threshold": lambda: talked("go", 2.999),
    "offset": lambda: talked("offset", 66),
    "offset_free": lambda: talked("offset", 5),
    "first_and_next_units_with_vat": lambda: talked("per-second", 75.4),
    "setup_with_vat": lambda: talked("per-minute", 61),
    "night_band": lambda: talked("per-minute", 120, at_ms=at("2025-11-21 23:58:30")),
    "gift_and_money": gift_and_money,
    "gift_only": gift_only,
    "gift_after_money": gift_after_money,
    "toll_free_both_ways": toll_free,
    "toll_free_hidden_caller": lambda: toll_free(""),
    "pool_and_money": pool_and_money,
    "sold_for_nothing": lambda: no_gift(130, "78005553535"),
    "capped": slept,
    "cut_by_balance": lambda: talked("six", 60, balance=300),
    "cut_by_limit": cut_by_limit,
    "longest": lambda: talked("corporate", 5000, balance=0, at_ms=at("2025-08-31 23:59:40")),
    "late": late,
    "inside": inside,
    "emergency": lambda: talked("go", 91, "112", line="112", caller=LINE, balance=0),
    "unanswered": unanswered,
    "not_connected": not_connected,
    "not_written_down": not_written_down,
    "lost": lost,
    "running": running,
    "refused_no_account": lambda: refused(account_id="nobody"),
    "refused_no_plan": lambda: refused("retired"),
    "refused_no_price": lambda: refused(target="870123456789"),
    "refused_not_sold": lambda: refused(target="78091234567"),
    "refused_barred": barred,
    "refused_suspended": suspended,
    "refused_stopped": stopped,
    "refused_number_limit": number_limit,
    "refused_calls_at_once": lambda: guarded(calls_at_once=0),
    "refused_calls_a_minute": lambda: guarded(calls_a_minute=0),
    "refused_money_an_hour": lambda: guarded(money_an_hour=0),
    "refused_night_price": lambda: guarded(night_price=0, night_begin=0, night_until=1440),
    "refused_new_calls": lambda: guarded(new_calls_a_day=0),
    "refused_new_money": lambda: guarded(new_money_a_day=0),
    "refused_not_enough": lambda: refused("six", balance=50),
}


def legs(name: str) -> list[Json]:
    """As the service gives them over HTTP."""
    shown: list[Json] = json.loads(json.dumps([show_leg(row) for row in DESKS[name]().rows.values()]))
    return shown
