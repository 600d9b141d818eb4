"""Ledger and witness of a period, compared in one pass through each.

Rule 1: calls that run notice nothing of it: slices of the file, pages of the ledger, a breath after each.
Rule 2: memory holds the calls that are open in the file at a time, and a number for each leg that was seen.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from callctl.asterisk.evidence import Channel, Channels, Evidence
from callctl.asterisk.follower import Follower, Slice
from callctl.asterisk.witness import Damaged, Happening, read_line
from callctl.calls.legs import call_id_of
from callctl.clock import milliseconds, moment
from callctl.inspection import Found, Inspected, Inspector, legs_of
from callctl.mending import Mender
from callctl.reconcile import NEWS_MS_MAX, Difference, compare_stray, is_way_in
from callctl.storage.bills import Bill, bills_of, read_bills_answered, read_stray_lines
from callctl.storage.database import DatabaseAway
from callctl.storage.rows import LegRow, read_open_legs

# How far the witness's clock and ours may be apart without a call getting lost between two periods.
MARGIN_MS = 60_000
LINES_AT_ONCE = 64
CALLS_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Reported:
    difference: Difference
    mended: bool
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    until: str  # a moment of the witness's record


@dataclass(frozen=True, slots=True)
class Total:
    legs: int
    unwitnessed: int  # bills of which the witness does not speak
    strangers: int  # calls of hosts of which the ledger knows nothing
    damaged_lines: int


class Period:
    def __init__(
        self, path: Path | None, begin: datetime, end: datetime, inspector: Inspector, mender: Mender | None
    ) -> None:
        """With a mender, what can be mended is."""
        self._path = path
        self._begin, self._end = begin, end
        self._begin_ms, self._end_ms = milliseconds(begin), milliseconds(end)
        self._inspector = inspector
        self._mender = mender
        self._evidence = Evidence()
        self._over: list[str] = []
        self._seen: set[int] = set()
        self._legs = 0
        self._unproven: dict[str, Bill] = {}
        self._strangers: set[str] = set()
        self._apart_ms = MARGIN_MS

    async def report(self) -> AsyncIterator[Reported | Progress | Total]:
        async for found in self._by_witness():
            yield found
        async for reported in self._by_ledger():
            yield reported
        for difference in await self._by_lines():
            yield Reported(difference, False, "somebody must judge it")
        yield Total(self._legs, len(self._unproven), len(self._strangers), self._evidence.damaged)

    async def _by_witness(self) -> AsyncIterator[Reported | Progress]:
        if self._path is None:
            return
        follower = Follower(self._path, self._begin_ms - MARGIN_MS)
        try:
            while True:
                read = await asyncio.to_thread(follower.read)
                await self._hear(read)
                if len(self._over) >= CALLS_AT_ONCE or self._is_done(read):
                    async for reported in self._judge(self._over):
                        yield reported
                    self._over = []
                    if self._evidence.until_ms is not None:
                        yield Progress(moment(self._evidence.until_ms).isoformat())
                if self._is_done(read):
                    break
        finally:
            follower.close()
        async for reported in self._judge([*self._evidence.calls]):
            yield reported

    def _is_done(self, read: Slice) -> bool:
        until_ms, calls = self._evidence.until_ms, self._evidence.calls
        is_behind = until_ms is not None and until_ms > self._end_ms + MARGIN_MS
        return read.is_all or (is_behind and all(map(_is_over, calls.values())))

    async def _hear(self, read: Slice) -> None:
        self._evidence.miss(read.lost) if read.lost else None
        for begin in range(0, len(read.lines), LINES_AT_ONCE):
            for line in read.lines[begin : begin + LINES_AT_ONCE]:
                try:
                    happening = read_line(line)
                except Damaged:
                    self._evidence.miss()
                    continue
                if happening:
                    self._notice(happening)
            await asyncio.sleep(0)

    def _is_wanted(self, happening: Happening) -> bool:
        """Of a call that began in the period, or before it."""
        is_later = happening.at_ms > self._end_ms + MARGIN_MS
        return not is_later or call_id_of(happening.channel) in self._evidence.calls

    def _notice(self, happening: Happening) -> None:
        if not self._is_wanted(happening):
            self._evidence.passes(happening.at_ms)
            return
        call_id = self._evidence.hear(happening)
        if happening.kind == "HANGUP" and _is_over(self._evidence.calls[call_id]):
            self._over.append(call_id)

    async def _judge(self, call_ids: Sequence[str]) -> AsyncIterator[Reported]:
        for begin in range(0, len(call_ids), CALLS_AT_ONCE):
            async for reported in self._judge_some(call_ids[begin : begin + CALLS_AT_ONCE]):
                yield reported

    async def _judge_some(self, call_ids: Sequence[str]) -> AsyncIterator[Reported]:
        calls = {call_id: self._evidence.calls.get(call_id, {}) for call_id in call_ids}
        legs = [
            leg_id
            for call_id, channels in calls.items()
            for leg_id in legs_of(call_id, channels)
            if self._is_of_period(channels.get(call_id if is_way_in(leg_id) else leg_id))
        ]
        inspected = await self._inspect(legs)
        async for reported in self._reported(inspected):
            yield reported
        self._seen.update(hash(leg_id) for leg_id in legs)
        for call_id, channels in calls.items():
            if _is_over(channels):
                self._evidence.forget(call_id)

    def _is_of_period(self, channel: Channel | None) -> bool:
        """By its answer; who was never answered, by his end."""
        if channel is None:
            return False
        at_ms = channel.ended_ms if channel.answered_ms is None else channel.answered_ms
        return at_ms is not None and self._begin_ms <= at_ms < self._end_ms

    async def _inspect(self, legs: Sequence[str]) -> Inspected:
        inspected = await self._inspector.inspect(self._evidence, legs) if legs else Inspected()
        if inspected is None:
            raise DatabaseAway("records wait to be written")
        self._legs += inspected.legs
        self._apart_ms = max(self._apart_ms, inspected.apart_ms + NEWS_MS_MAX)
        return inspected

    async def _reported(self, inspected: Inspected) -> AsyncIterator[Reported]:
        self._strangers.update(inspected.strangers)
        for bill in inspected.unproven:
            self._unproven[bill.row.leg_id] = bill
        for found in inspected.found:
            yield await self._mended(found)

    async def _mended(self, found: Found) -> Reported:
        if self._mender is None:
            return Reported(found.difference, False)
        why_not = await self._mender.mend(found)
        return Reported(found.difference, why_not is None, why_not or "")

    async def _by_ledger(self) -> AsyncIterator[Reported]:
        """Bills of which the witness has not spoken."""
        after: tuple[datetime, str] | None = None
        while True:
            async with self._inspector.till.reading() as connection:
                bills = await read_bills_answered(connection, self._begin, self._end, after)
            async for reported in self._silent(bills):
                yield reported
            if not bills:
                break
            last = bills[-1].row
            assert last.answered_at
            after = last.answered_at, last.leg_id
        async with self._inspector.till.reading() as connection:
            rows = [row for row in await read_open_legs(connection) if self._begin <= row.held_at < self._end]
            bills = await bills_of(connection, rows)
        async for reported in self._silent(bills):
            yield reported

    async def _silent(self, bills: Iterable[Bill]) -> AsyncIterator[Reported]:
        unseen = {bill.row.leg_id: [bill] for bill in bills if hash(bill.row.leg_id) not in self._seen}
        for leg_id, (bill,) in list(unseen.items()):
            if self._is_at_border(bill.row):
                del unseen[leg_id]
        inspected = await self._inspector.judge(self._evidence, unseen)
        self._legs += inspected.legs
        async for reported in self._reported(inspected):
            yield reported

    def _is_at_border(self, row: LegRow) -> bool:
        """By the witness's clock it may belong to the next period, or to the one before."""
        at_ms = milliseconds(row.answered_at or row.held_at)
        return min(at_ms - self._begin_ms, self._end_ms - at_ms) < self._apart_ms

    async def _by_lines(self) -> list[Difference]:
        async with self._inspector.till.reading() as connection:
            stray = await read_stray_lines(connection, self._begin, self._end)
        known = [line for line in stray if hash(line.reference.partition(":")[0]) in self._seen]
        lonely = [line for line in known if line.reference == own_reference(line.reference, line.pot)]
        strays = [compare_stray(line) for line in stray if line not in lonely]
        return strays + await self._inspector.balances()


def own_reference(reference: str, pot: str) -> str:
    """Of its connection's line on that pot: whose bill is gone, which the witness has told."""
    leg_id = reference.partition(":")[0]
    return f"{leg_id}:{pot}" if pot else leg_id


def _is_over(channels: Channels) -> bool:
    return all(channel.ended_ms is not None for channel in channels.values())
