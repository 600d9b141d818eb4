"""Records into PostgreSQL: all that has gathered at once, in order, again until it is done.

Rule 1: a record waits in memory while the database is away; whoever must know asks for its future. When there
    is no room for more, nobody is promised money any more, and what is no money, no emergency and no file is
    left out: connections that cost nothing, refusals, places and ways of calls. Such a future is cancelled.
Rule 2: every statement may run twice: references and keys make the second run change nothing.
Rule 3: the database is asked now and then even when nothing is to be written: that it is away is known before
    the first caller pays for it, and that it is back without one; and that another service owns the accounts
    now, which ends the writing for good.
Rule 4: of what has gathered, holds come first, as a transaction of one statement: callers wait for them. All
    the rest is one transaction.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Sequence

from callctl.calls.records import (
    CallAt,
    CallOver,
    LegBegan,
    LegHeld,
    LegRefused,
    LegSettled,
    PlaceKept,
    Record,
)
from callctl.storage import calls, kept_places, legs, notices, running_calls
from callctl.storage.batches import BY_KEYS, carry_out
from callctl.storage.database import Connection, DatabaseAway, Fenced, Session, when_away
from callctl.storage.entries import post_entries
from callctl.storage.ownership import Ownership

log = logging.getLogger(__name__)

BATCH_MAX = 1_000  # some milliseconds of the loop's time
WAITING_MAX = 100_000
RETRY_S_MIN, RETRY_S_MAX = 0.1, 2.0
ASK_EVERY_S = 4.0

Written = tuple[Record, asyncio.Future[None]]


class Journal:
    def __init__(
        self,
        ownership: Ownership,
        *,
        on_state: Callable[[bool], None],
        on_room: Callable[[bool], None] = lambda _has_room: None,
        waiting_max: int = WAITING_MAX,
    ) -> None:
        self._ownership = ownership
        self._on_state = on_state
        self._on_room = on_room
        self._waiting_max = waiting_max
        self._has_room = True
        self._left_out: set[str] = set()  # connections of which nothing is written
        self._placed: set[str] = set()  # calls whose place is known to the database, or will be
        self._waiting: deque[Written] = deque()
        self._holds: dict[str, asyncio.Future[None]] = {}
        self._news = asyncio.Event()
        self._connection: Session | None = None
        self.written_total = 0
        self.transactions_total = 0
        self.left_out_total = 0

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def write(self, record: Record) -> asyncio.Future[None]:
        """Done when the record is durable."""
        durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._is_left_out(record):
            self.left_out_total += 1
            durable.cancel()
            return durable
        self._waiting.append((record, durable))
        if call_id := _waited_for_in(record):
            self._holds[call_id] = durable
        self._news.set()
        self._look_for_room()
        return durable

    def hold_of(self, call_id: str) -> asyncio.Future[None] | None:
        """The last one of the call, or its promise, while it is not durable: what that is for has to wait."""
        return self._holds.get(call_id)

    def _is_left_out(self, record: Record) -> bool:
        match record:
            case LegHeld():
                is_for_nothing = record.rate is not None and record.rate.is_free
                if self._has_room or not is_for_nothing:
                    return False
                self._left_out.add(record.connection.leg_id)
                return True
            case LegBegan():
                return record.leg_id in self._left_out
            case LegSettled() if record.leg_id in self._left_out:
                self._left_out.remove(record.leg_id)
                return not record.entries
            case CallAt():
                if self._has_room:
                    self._placed.add(record.call_id)
                return not self._has_room
            case CallOver() if record.call_id in self._placed:
                self._placed.remove(record.call_id)  # its end must be told, or it is taken for one that runs
                return False
            case LegRefused() | CallOver():
                return not self._has_room
            case _:
                return False

    def _look_for_room(self) -> None:
        has_room = len(self._waiting) < self._waiting_max
        if has_room != self._has_room:
            self._has_room = has_room
            if has_room:
                log.warning("there is room for records again: %d were left out so far", self.left_out_total)
            else:
                log.critical("%d records wait: until there is room, paid calls are refused", self.waiting)
            self._on_room(has_room)

    async def run(self) -> None:
        """Write until cancelled."""
        retry_s = RETRY_S_MIN
        try:
            while True:
                batch = [self._waiting[i] for i in range(min(len(self._waiting), BATCH_MAX))]
                try:
                    await self._write(batch)
                except DatabaseAway as error:
                    log.warning("the database is away, %d records wait: %s", len(self._waiting), error)
                    self._on_state(False)
                    await self._disconnect()
                    await asyncio.sleep(retry_s)
                    retry_s = min(retry_s * 2, RETRY_S_MAX)
                    continue
                retry_s = RETRY_S_MIN
                for _ in batch:
                    self._waiting.popleft()
                self._look_for_room()
                if not self._waiting:
                    await self._wait_for_news()
        finally:
            await self._disconnect()

    async def drained(self, seconds_max: float) -> bool:
        """True when everything given so far is durable."""
        futures = [durable for _, durable in self._waiting]
        if not futures:
            return True
        _, late = await asyncio.wait(futures, timeout=seconds_max)
        return not late

    async def _write(self, batch: Sequence[Written]) -> None:
        if self._connection is None:
            self._connection = await self._ownership.session()
            async with when_away():
                await self._connection.execute(BY_KEYS)
            self._connection.add_termination_listener(lambda _lost: self._news.set())
            self._on_state(True)
        if not batch:
            await self._ownership.prove(self._connection)
            return
        holds = [written for written in batch if isinstance(written[0], LegHeld)]
        rest = [written for written in batch if not isinstance(written[0], LegHeld)]
        try:
            for part in (holds, rest):
                if part:
                    async with when_away():
                        await _write_all(self._connection, [record for record, _ in part])
                    self._tell(part)
        except Fenced:
            await self._ownership.prove(self._connection)  # which says by whom
            raise
        self.written_total += len(batch)

    def _tell(self, durable: Sequence[Written]) -> None:
        self.transactions_total += 1
        for record, future in durable:
            call_id = _waited_for_in(record)
            if call_id and self.hold_of(call_id) is future:
                del self._holds[call_id]
            if not future.done():
                future.set_result(None)

    async def _wait_for_news(self) -> None:
        self._news.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ASK_EVERY_S):
                await self._news.wait()

    async def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


def _waited_for_in(record: Record) -> str | None:
    """The call in which somebody waits for this record."""
    match record:
        case LegHeld():
            return record.connection.call_id
        case PlaceKept():
            return record.call_id
        case _:
            return None


async def _write_all(connection: Connection, records: Sequence[Record]) -> None:
    rooms = (legs, calls, running_calls, kept_places, notices)
    statements = [statement for room in rooms for statement in room.statements_of(records)]
    entries = [entry for record in records if isinstance(record, LegSettled) for entry in record.entries]
    if len(statements) == 1 and not entries:
        # A transaction by itself: two round trips fewer.
        await carry_out(connection, statements)
        return
    async with connection.transaction():
        await carry_out(connection, statements)
        _, clashes = await post_entries(connection, entries) if entries else (None, ())
    for clash in clashes:
        log.critical("the ledger refuses a line: %s", clash)
