"""Where the office moves money: first durable, then it counts in memory.

Rule 1: nothing is checked twice: the database's keys decide what exists, and its answer is the truth.
Rule 2: what is refused changes nothing, neither there nor here.
Rule 3: a database that goes away while we write leaves a doubt: what we sent may stand. The next who reaches
    the database looks it up first, and what stands counts here too.
Rule 4: who writes what depends on what stands has the turn, so that two of them never cross.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from callctl.calls.directory import Directory
from callctl.clock import Clock
from callctl.complaint import Clash, Missing
from callctl.storage.database import Connection, DatabaseAway, Pool, when_away
from callctl.storage.entries import post_entries, read_entry
from dialplan.numbers import normal_number
from rating.entries import Entry
from rating.ledger import Account, Ledger

Doubt = Callable[[Connection], Awaitable[None]]


class Till:
    """`posted` hears of lines once they are durable, all of one deed together."""

    def __init__(
        self,
        pool: Pool,
        ledger: Ledger,
        directory: Directory,
        clock: Clock,
        *,
        posted: Callable[[Sequence[Entry]], None],
    ) -> None:
        self._pool = pool
        self.ledger = ledger
        self.directory = directory
        self.clock = clock
        self.posted = posted
        self.turn = asyncio.Lock()
        self._doubts: deque[Doubt] = deque()

    def account(self, account_id: str) -> Account:
        account = self.ledger.account(account_id)
        if account is None:
            raise Missing(f"there is no account {account_id!r}: add it with `callctl account add`")
        return account

    def line(self, account: Account, text: str) -> str:
        """A number of the account, as people write it."""
        number = self.directory.number(normal_number(text) or "")
        if number is None or number.account_id != account.account_id:
            raise Missing(f"account {account.account_id!r} has no number {text!r}: give one of its own")
        return number.e164

    async def post(self, *entries: Entry) -> bool:
        """True when they are new; the same again is no news, and with other content it is a clash."""
        async with self.writing(self.look_up(entries)) as connection:
            new = await write_entries(connection, entries)
        if new:
            self.posted(new)
        return bool(new)

    def look_up(self, entries: Sequence[Entry]) -> Doubt:
        async def look_up(connection: Connection) -> None:
            lines = [await read_entry(connection, entry.account_id, entry.reference) for entry in entries]
            if standing := [entry for entry, line in zip(entries, lines, strict=True) if entry == line]:
                self.posted(standing)

        return look_up

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        async with when_away(), self._pool.acquire() as connection:
            while self._doubts:
                doubt = self._doubts.popleft()
                try:
                    await doubt(connection)
                except BaseException:
                    self._doubts.appendleft(doubt)
                    raise
            yield connection

    @asynccontextmanager
    async def writing(self, look_up: Doubt) -> AsyncIterator[Connection]:
        """One transaction; when its end is not known, `look_up` asks what came of it.

        Not known is also an end that was reached when the connection broke before it was given back.
        """
        is_begun = False
        try:
            async with self.reading() as connection, connection.transaction():
                is_begun = True
                yield connection
        except (DatabaseAway, asyncio.CancelledError):
            if is_begun:
                self._doubts.append(look_up)
            raise


async def no_doubt(connection: Connection) -> None:
    """For a deed on which nothing in memory depends."""


async def write_entries(connection: Connection, entries: Sequence[Entry]) -> list[Entry]:
    """Those that are new."""
    new, clashes = await post_entries(connection, entries)
    if clashes:
        raise Clash(f"{clashes[0]}: nothing was changed")
    return [entry for entry in entries if (entry.account_id, entry.reference) in new]
