"""Differences put right: by the code that bills every call, under the references that every call has.

Rule 1: what is mended twice is mended once: a connection has one line by its id, a correction one by
    `reconcile:` and that id.
Rule 2: nobody is corrected below what his account may hold (S-8), and nothing is mended on an account whose
    balance is not the sum of its lines: what was changed by hand only a hand can judge.
Rule 3: what a line of the ledger paid already is not paid again: then only the bill is written.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence

from callctl.calls.money.meter import Meter
from callctl.calls.records import Connection, EndedBy, LegBegan, LegHeld, LegSettled, Record
from callctl.clock import milliseconds
from callctl.inspection import Found
from callctl.reconcile import Difference, Kind, Talk, rate_of, talk_of, worth
from callctl.storage.bills import CORRECTED, Bill, is_sound, read_bills
from callctl.storage.rows import LegRow
from callctl.storage.till import Till
from dialplan.causes import Cause
from dialplan.numbers import normal_number
from rating.calendar import month_of
from rating.charge import Charge, charge_nothing
from rating.entries import Entry, EntryKind
from rating.money import ZERO
from rating.pots import BALANCE, Draw, gift_pot, is_gift
from rating.quote import Quote
from rating.refusal import Refusal
from rating.tariff import Rate

log = logging.getLogger("callctl")

WRITTEN_S_MAX = 10.0

Write = Callable[[Record], "asyncio.Future[None]"]


class Mender:
    def __init__(self, till: Till, write: Write) -> None:
        self._till = till
        self._write = write
        self._turn = asyncio.Lock()
        self.on_mended: Callable[[], None] = lambda: None

    async def mend(self, found: Found) -> str | None:
        """None: it is mended. Else why not."""
        difference, bill = found.difference, found.bill
        if difference.kind in (Kind.DOUBLED, Kind.BALANCE) or bill is None:
            return "somebody must judge it"
        async with self._turn:
            if why := await self._forbidden(found, bill):
                return why
            if difference.kind in (Kind.LONGER, Kind.SHORTER):
                why = await self._correct(difference, bill)
            else:
                talk = talk_of(difference.leg_id, found.channels)
                if bill.row.ended_at is not None:
                    return "nobody knows when it ended"
                why = await self._settle(bill, talk, found)
        self.on_mended()
        log.warning("reconcile: %s: %s", "mended" if why is None else f"not mended, {why}", difference)
        return why

    async def _forbidden(self, found: Found, bill: Bill) -> str | None:
        leg_id, account_id = found.difference.leg_id, bill.row.account_id
        async with self._till.reading() as connection:
            standing = (await read_bills(connection, [leg_id])).get(leg_id, [])
            if account_id and not await is_sound(connection, account_id):
                return "the account's balance was edited by hand"
        if standing != ([] if found.is_lacking else [bill]):
            return "it has changed meanwhile"
        return None

    async def _settle(self, bill: Bill, talk: Talk | None, found: Found) -> str | None:
        records: list[Record] = [_held(bill.row)] if found.is_lacking else []
        records += self._bill(bill, talk, found)
        for record in records:
            log.warning("reconcile: %s", record)
        durable = [self._write(record) for record in records]
        _, late = await asyncio.wait(durable, timeout=WRITTEN_S_MAX)
        return "the database is away, it is written later" if late else None

    def _bill(self, bill: Bill, talk: Talk | None, found: Found) -> Iterator[Record]:
        row = bill.row
        if talk is None or talk.end_ms is None or not (talk.was_met or row.answered_at):
            caller = found.channels.get(row.call_id)
            end_ms = (caller.ended_ms if caller else None) or milliseconds(row.held_at)
            yield _settled(row, end_ms, charge_nothing("unanswered", "S-3"), ())
            return
        rate = rate_of(row)
        if row.answered_at is None:
            other = self._rate_at(row, rate, talk.begin_ms)
            yield LegBegan(row.account_id, row.leg_id, talk.begin_ms, other)
            rate = other or rate
        charge, entries = self._charge(bill, rate, talk)
        yield _settled(row, talk.end_ms, charge, entries)

    def _charge(self, bill: Bill, rate: Rate | None, talk: Talk) -> tuple[Charge, tuple[Entry, ...]]:
        row, seconds = bill.row, talk.seconds
        assert talk.end_ms is not None
        if rate is None:
            return charge_nothing("inside", "CLV-P6", seconds), ()
        if bill.lines:
            charge = worth(row, rate, seconds)
            charge.draws = tuple(Draw(line.pot, -line.amount) for line in bill.lines)
            return charge, ()
        quote = self._quote(row, rate)
        if quote is None:
            return charge_nothing("unsecured", "S-8", seconds), ()
        meter = Meter.open_at(self._till.ledger, row.leg_id, quote, rate, talk.begin_ms)
        if isinstance(meter, Refusal):
            return charge_nothing("unsecured", "S-8", seconds), ()
        return meter.charge_as_talked(seconds, talk.end_ms)

    def _rate_at(self, row: LegRow, rate: Rate | None, at_ms: int) -> Rate | None:
        """When it is another than the one that it was admitted with (S-6)."""
        quote = self._quote(row, rate) if rate else None
        found = quote.rate_at(at_ms) if quote else None
        return found if isinstance(found, Rate) and found != rate else None

    def _quote(self, row: LegRow, rate: Rate) -> Quote | None:
        account = self._till.ledger.account(row.account_id)
        caller = normal_number(row.caller) or ""
        tariffs = self._till.directory.tariffs
        return Quote(tariffs, account, rate.side, caller, row.number, row.line) if account else None

    async def _correct(self, difference: Difference, bill: Bill) -> str | None:
        if bill.is_corrected:
            return "it was corrected before"
        account = self._till.account(bill.row.account_id)
        entries = list(_corrections(difference, bill, self._till.clock.now_ms()))
        if account.available < -sum(entry.amount for entry in entries if entry.pot == BALANCE):
            return "the account does not hold so much"
        await self._till.post(*entries)
        return None


def _corrections(difference: Difference, bill: Bill, now_ms: int) -> Iterator[Entry]:
    """What is owed is taken from the balance; what was too much goes back there first, then to the pots."""
    for pot, amount in _parts(difference.kopecks or 0, bill.lines):
        yield _correction(difference, pot, amount, now_ms)
    if difference.gift_s:
        gifts = [line.pot for line in bill.lines if is_gift(line.pot)]
        at = bill.row.answered_at or bill.row.held_at
        pot = gifts[0] if gifts else gift_pot(month_of(milliseconds(at)))
        yield _correction(difference, pot, -difference.gift_s, now_ms)


def _parts(kopecks: int, lines: Sequence[Entry]) -> Iterator[tuple[str, int]]:
    if kopecks > 0:
        yield BALANCE, -kopecks
        return
    left = -kopecks
    for line in sorted(lines, key=lambda line: line.pot != BALANCE):
        part = min(left, -line.amount)
        if part > 0 and not is_gift(line.pot):
            yield line.pot, part
            left -= part


def _correction(difference: Difference, pot: str, amount: int, now_ms: int) -> Entry:
    leg_id = difference.leg_id
    reference = f"{CORRECTED}{leg_id}:{pot}" if pot else f"{CORRECTED}{leg_id}"
    kind, about = EntryKind.CORRECTION, leg_id
    return Entry(difference.account_id, reference, kind, amount, now_ms, pot, about, difference.what)


def _held(row: LegRow) -> LegHeld:
    on = Connection(row.account_id, row.leg_id, row.call_id, row.caller, row.number, row.line)
    return LegHeld(on, milliseconds(row.held_at), rate_of(row), ZERO)


def _settled(row: LegRow, end_ms: int, charge: Charge, entries: tuple[Entry, ...]) -> LegSettled:
    return LegSettled(row.account_id, row.leg_id, end_ms, charge, entries, EndedBy.LOST, Cause.NORMAL)
