"""A connection whose record came days after it (GAZ-13.5): rated as it was, paid by what is there now. Pure.

Rule 1: its terms are those of its answer, and it draws on the pots of its own month (S-6).
Rule 2: it has happened: nothing forbids it any more, and what the account does not hold becomes its debt.
"""

from dataclasses import dataclass

from callctl.calls.records import Connection, EndedBy, LegBegan, LegHeld, LegSettled
from dialplan.causes import Cause
from rating.calendar import DAY_MS
from rating.charge import charge_connection
from rating.entries import EntryKind, connection_entries
from rating.ledger import Account, Hold, Ledger
from rating.profile import Tariffs
from rating.quote import Quote, first_asks, next_ask
from rating.refusal import Refusal
from rating.tariff import Side

SECONDS_MAX = 30 * DAY_MS // 1000
AGE_MS_MAX = 30 * DAY_MS  # an older one is outside what was promised


@dataclass(frozen=True, slots=True)
class LateRecord:
    """As somebody else counted it; `reference` is their own id of it."""

    account_id: str
    reference: str
    caller: str
    number: str
    line: str  # the subscriber's number on which it counts, if any
    answered_ms: int
    seconds: int

    @property
    def leg_id(self) -> str:
        return f"late-{self.reference}"

    @property
    def ended_ms(self) -> int:
        return self.answered_ms + self.seconds * 1000

    def fault(self, now_ms: int) -> str | None:
        """Why it cannot be true."""
        if not 0 < self.seconds <= SECONDS_MAX:
            return f"it lasted {self.seconds} s: give 1 to {SECONDS_MAX} s, which are 30 days"
        if self.ended_ms > now_ms:
            return "it ends in the future: give the time of its answer, and its seconds"
        return None

    def is_old(self, now_ms: int) -> bool:
        return now_ms - self.answered_ms > AGE_MS_MAX


@dataclass(frozen=True, slots=True)
class LateBill:
    """What it costs; until that is written down, the hold keeps it from being spent otherwise."""

    hold: Hold
    held: LegHeld
    began: LegBegan
    settled: LegSettled


def bill_late(
    record: LateRecord, account: Account, ledger: Ledger, tariffs: Tariffs, now_ms: int
) -> LateBill | Refusal:
    quote = Quote(tariffs, account, Side.OUTGOING, record.caller, record.number, record.line)
    rate = quote.rate_at(record.answered_ms)
    if isinstance(rate, Refusal):
        return rate
    sources = quote.sources(rate, record.answered_ms)
    hold = ledger.owe(record.leg_id, account, sources, *first_asks(rate))
    assert hold, record
    units = rate.terms.units(record.seconds)
    ledger.owe_units(hold, next_ask(rate), units - hold.units)
    draws = hold.drawn(units, with_setup=units > 0)
    charge = charge_connection(rate, record.seconds, hold.secured, draws)
    account_id, leg_id = record.account_id, record.leg_id
    entries = connection_entries(account_id, leg_id, EntryKind.LATE, draws, now_ms)
    connection = Connection(account_id, leg_id, leg_id, record.caller, record.number, record.line)
    return LateBill(
        hold,
        LegHeld(connection, now_ms, rate, charge.amount),
        LegBegan(account_id, leg_id, record.answered_ms),
        LegSettled(account_id, leg_id, record.ended_ms, charge, entries, EndedBy.REPORTED, Cause.NORMAL),
    )
