"""Calls of which the witness has spoken, held against the bills of their legs.

Rule 1: a call that runs is nobody's difference, nor is one whose records still wait to be written.
Rule 2: calls of a host of which the ledger knows nothing are somebody else's, and never charged.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field

from callctl.asterisk.evidence import Channel, Channels, Evidence, host_of
from callctl.asterisk.witness import SEATS
from callctl.calls.connections import CALLERS_OWN
from callctl.calls.legs import asked_in, call_id_of, leg_id_of
from callctl.calls.records import Connection, LegHeld
from callctl.clock import milliseconds, moment
from callctl.reconcile import (
    NEWS_MS_MAX,
    Difference,
    compare,
    compare_balance,
    is_proven,
    is_way_in,
    talk_of,
)
from callctl.storage.bills import Bill, bills_of, read_bills, read_newest_calls, read_unsound, write_mark
from callctl.storage.calls import CallRow, read_call
from callctl.storage.database import Connection as Sql
from callctl.storage.rows import LegRow, opened_row
from callctl.storage.till import Till, no_doubt
from dialplan.numbers import EMERGENCY, normal_number
from rating.money import ZERO
from rating.quote import Quote
from rating.tariff import Rate, Side

NO_CHANNELS: Channels = {}
BILLS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Found:
    """`bill`: as it stands, or as it would have been opened."""

    difference: Difference
    bill: Bill | None
    channels: Channels
    is_lacking: bool = False


@dataclass(slots=True)
class Inspected:
    legs: int = 0
    found: list[Found] = field(default_factory=list)
    unproven: list[Bill] = field(default_factory=list)  # of which the witness cannot speak
    strangers: list[str] = field(default_factory=list)  # calls of other hosts
    apart_ms: int = 0  # the most that the witness's clock was from ours


class Inspector:
    """`runs`: a call goes on, or is to be settled yet; `written`: all records so far are durable."""

    def __init__(
        self, till: Till, runs: Callable[[str], bool], written: Callable[[], Awaitable[bool]]
    ) -> None:
        self.till = till
        self._runs = runs
        self._written = written

    def runs(self, call_id: str) -> bool:
        return self._runs(call_id)

    async def inspect(self, evidence: Evidence, leg_ids: Collection[str]) -> Inspected | None:
        """None: not now, as the database is behind."""
        leg_ids = [leg_id for leg_id in leg_ids if not self._runs(call_id_of(leg_id))]
        if not await self._written():
            return None
        async with self.till.reading() as connection:
            bills = await read_bills(connection, leg_ids)
            hosts = {host_of(call_id) for call_id in await read_newest_calls(connection)}
            inspected = Inspected()
            for place, leg_id in enumerate(leg_ids):
                await _breathe(place)
                call_id, of_leg = call_id_of(leg_id), bills.get(leg_id, [])
                if not of_leg and host_of(call_id) not in hosts:
                    inspected.strangers += [call_id] if hosts else []  # an empty ledger knows nobody
                    continue
                channels = evidence.calls.get(call_id, NO_CHANNELS)
                lacking = None if of_leg else await self._lacking(connection, leg_id, channels)
                self._compare(inspected, evidence, leg_id, of_leg, lacking)
        return inspected

    async def judge(self, evidence: Evidence, bills: Mapping[str, list[Bill]]) -> Inspected:
        """Bills that are read already."""
        inspected = Inspected()
        for place, (leg_id, of_leg) in enumerate(bills.items()):
            await _breathe(place)
            if not self._runs(call_id_of(leg_id)):
                self._compare(inspected, evidence, leg_id, of_leg, None)
        return inspected

    async def mark(self, compared_until_ms: int) -> None:
        """There the next start goes on."""
        async with self.till.writing(no_doubt) as connection:
            await write_mark(connection, moment(compared_until_ms))

    async def balances(self) -> list[Difference]:
        async with self.till.reading() as connection:
            return [compare_balance(one) for one in await read_unsound(connection)]

    def _compare(
        self, inspected: Inspected, evidence: Evidence, leg_id: str, bills: list[Bill], lacking: Bill | None
    ) -> None:
        channels = evidence.calls.get(call_id_of(leg_id), NO_CHANNELS)
        is_whole = all(_is_whole(evidence, bill.row, channels) for bill in bills)
        inspected.legs += bool(bills)
        talk = talk_of(leg_id, channels)
        for one in bills:
            if talk and one.row.answered_at:
                apart_ms = abs(talk.begin_ms - milliseconds(one.row.answered_at))
                inspected.apart_ms = max(inspected.apart_ms, apart_ms)
        if len(bills) == 1 and not is_whole and not is_proven(bills[0], channels):
            inspected.unproven.append(bills[0])
            return
        difference = compare(leg_id, bills, channels, lacking=lacking, is_whole=is_whole)
        if difference:
            bill = bills[0] if bills else lacking
            inspected.found.append(Found(difference, bill, channels, is_lacking=not bills))

    async def _lacking(self, connection: Sql, leg_id: str, channels: Channels) -> Bill | None:
        """The bill that there should be, if the witness proves a connection."""
        talk = talk_of(leg_id, channels)
        if talk is None or not talk.was_met:
            return None
        call_id = call_id_of(leg_id)
        arrived = channels[call_id]
        is_back = asked_in(call_id) is not None
        if is_way_in(leg_id) and not is_back and not self._is_paid_by_called(arrived, talk.begin_ms):
            return None  # as with most: it is not worth a question
        row = self._opened(leg_id, channels, await read_call(connection, call_id), talk.begin_ms)
        return (await bills_of(connection, [row]))[0] if row else None

    def _opened(self, leg_id: str, channels: Channels, call: CallRow | None, begin_ms: int) -> LegRow | None:
        arrived = channels[call_id_of(leg_id)]
        line = call.number if call else normal_number(arrived.dialled) or ""
        number = self.till.directory.number(line)
        account_id = call.account_id if call else number.account_id if number else ""
        caller = call.caller if call else arrived.caller
        side, reached = Side.OUTGOING, channels[leg_id].dialled if leg_id in channels else ""
        if is_way_in(leg_id) and asked_in(call_id_of(leg_id)):
            caller, reached = line, caller  # he was called back
        elif is_way_in(leg_id):
            side, reached = Side.INCOMING, line
        rate: Rate | None = None
        if not (reached.startswith(SEATS) or reached in EMERGENCY):
            rate = self._rate(side, account_id, normal_number(caller) or "", reached, line, begin_ms)
            if rate is None:
                return None
        on = Connection(account_id, leg_id, call_id_of(leg_id), caller, reached.removeprefix(SEATS), line)
        return opened_row(LegHeld(on, begin_ms, rate, ZERO))

    def _is_paid_by_called(self, arrived: Channel, at_ms: int) -> bool:
        line = normal_number(arrived.dialled) or ""
        number = self.till.directory.number(line)
        caller = normal_number(arrived.caller) or ""
        owner = number.account_id if number else ""
        return self._rate(Side.INCOMING, owner, caller, line, line, at_ms) is not None

    def _rate(
        self, side: Side, account_id: str, caller: str, reached: str, line: str, at_ms: int
    ) -> Rate | None:
        """None: nobody can tell, or nobody asks for money."""
        account, tariffs = self.till.ledger.account(account_id), self.till.directory.tariffs
        if account is None or not reached:
            return None
        if side is Side.INCOMING:
            plan = tariffs.plan(account.profile, account.plan)
            version = plan.version_at(at_ms) if plan else None
            if version is None or not version.is_paid_by_called(line):
                return None
        found = Quote(tariffs, account, side, caller, reached, line).rate_at(at_ms)
        return found if isinstance(found, Rate) else None


def legs_of(call_id: str, channels: Channels) -> list[str]:
    """Whatever the ledger may have of it."""
    return [leg_id_of(call_id, CALLERS_OWN), *(channel for channel in channels if channel != call_id)]


async def _breathe(place: int) -> None:
    """Calls go on between the bills: to compare one takes a tenth of a millisecond."""
    if place % BILLS_AT_ONCE == BILLS_AT_ONCE - 1:
        await asyncio.sleep(0)


def _is_whole(evidence: Evidence, row: LegRow, channels: Channels) -> bool:
    """Silence about it would be proof: all that was said since it began has been heard."""
    sides = [channels[side] for side in (row.leg_id, row.call_id) if side in channels]
    if host_of(row.call_id) not in evidence.hosts or any(side.came_ms is None for side in sides):
        return False
    begin_ms = milliseconds(row.answered_at or row.held_at)
    end_ms = milliseconds(row.ended_at) if row.ended_at else begin_ms
    return evidence.is_whole(begin_ms, max(begin_ms, end_ms - NEWS_MS_MAX))
