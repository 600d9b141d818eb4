"""Connections whose records come days afterwards, written down with their bills (GAZ-13.5).

Rule 1: their partner's id names them once and for all, whosever account they are on.
"""

from contextlib import ExitStack

from callctl.calls.money.late import LateBill, LateRecord, bill_late
from callctl.clock import milliseconds, moment
from callctl.complaint import Clash, Complaint
from callctl.storage.batches import carry_out
from callctl.storage.database import Connection
from callctl.storage.legs import statements_of
from callctl.storage.rows import LegRow, read_leg, read_pots
from callctl.storage.till import Till, write_entries
from rating.calendar import month_of
from rating.ledger import Account
from rating.refusal import Refusal

NOT_BILLED = {
    Refusal.NO_PLAN: "the account's plan was not sold at that time",
    Refusal.NO_PRICE: "the plan had no price for this number at that time",
    Refusal.NOT_SOLD: "the plan did not sell this number at that time",
}


class LateRecords:
    def __init__(self, till: Till) -> None:
        self._till = till

    async def post(self, record: LateRecord, *, approved: bool = False) -> bool:
        """True when it is new; the same again is no news, and with other content it is a clash."""
        account = self._till.account(record.account_id)
        now_ms = self._till.clock.now_ms()
        if fault := record.fault(now_ms):
            raise Complaint(fault)
        bill: LateBill | None = None

        async def look_up(connection: Connection) -> None:
            leg = await read_leg(connection, record.leg_id)
            if bill and leg and leg.held_at == moment(now_ms):
                self._count(account, record, bill)

        async with self._till.turn:
            with ExitStack() as kept:
                async with self._till.writing(look_up) as connection:
                    if known := await read_leg(connection, record.leg_id):
                        check_same(known, record)
                        return False
                    if record.is_old(now_ms) and not approved:
                        raise Complaint(
                            "it is more than 30 days old: hold it for a decision, then send it with --approve"
                        )
                    bill = await self._bill(connection, record, account, now_ms)
                    kept.callback(self._till.ledger.release, bill.hold)
                    await carry_out(connection, statements_of([bill.held, bill.began, bill.settled]))
                    await write_entries(connection, bill.settled.entries)
                self._count(account, record, bill)
        return True

    async def _bill(
        self, connection: Connection, record: LateRecord, account: Account, now_ms: int
    ) -> LateBill:
        if record.is_old(now_ms):  # its month may be one that memory has let go
            for pot, moved in await read_pots(connection, account.account_id, month_of(record.answered_ms)):
                account.pot(pot).moved = moved
        bill = bill_late(record, account, self._till.ledger, self._till.directory.tariffs, now_ms)
        if isinstance(bill, Refusal):
            raise Complaint(f"{record.number}: {NOT_BILLED[bill]} ({bill.value})")
        return bill

    def _count(self, account: Account, record: LateRecord, bill: LateBill) -> None:
        if bill.settled.entries:
            self._till.posted(bill.settled.entries)
        if amount := bill.settled.charge.amount:
            account.spend(record.line, month_of(record.answered_ms), amount)


def check_same(known: LegRow, offered: LateRecord) -> None:
    assert known.answered_at and known.seconds, known
    stands = LateRecord(
        known.account_id,
        offered.reference,
        known.caller,
        known.number,
        known.line,
        milliseconds(known.answered_at),
        known.seconds,
    )
    if stands != offered:
        raise Clash(
            f"late record {offered.reference!r} is known already: {stands.seconds} s from {stands.caller} to "
            f"{stands.number}, account {stands.account_id}: nothing was changed"
        )
