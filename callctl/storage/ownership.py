"""Who may write: one service at a time, shown by a living session, proven by an epoch in every transaction.

Rule 1: the session of the owner holds the lock of its epoch, which ends with its socket. While somebody holds
    it, nobody takes over unless he is told to; when nobody does, whoever comes takes over at once.
Rule 2: with each take-over the epoch grows. The tables themselves refuse what an earlier owner writes
    (migrations/0005): one that was paused or cut off, and does not know, cannot write a line.
Rule 3: an owner that loses its session is still the owner: with the next one it goes on, if the epoch is its
    own.
"""

import asyncio
import os
import socket
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from callctl.clock import rfc3339
from callctl.complaint import Complaint
from callctl.storage.database import Connection, DatabaseAway, Fenced, Session, connect, when_away

SHARD = 0  # of the accounts; all are in one today
# A session ends a moment after its process was killed.
LEAVING_S_MAX = 1.0
POLL_S = 0.02
LOCK_PATIENCE = "5s"
ASK_S_MAX = 2.0
# Of a host that lost its power nothing else tells: within about ten seconds its sessions are over.
KEEP_ALIVE = {
    "tcp_keepalives_idle": "4",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "10000",
}

OWNER = "SELECT epoch, host, pid, since FROM owner WHERE shard = $1"
LOCK = "hashtextextended($1, 0)"
ONE_BY_ONE = f"SELECT pg_advisory_xact_lock({LOCK})"
IS_LEFT = f"SELECT pg_try_advisory_xact_lock({LOCK})"
STAY = f"SELECT pg_advisory_lock_shared({LOCK})"
# A database that forgets the take-over in a crash would fence its owner.
KEEP = """
SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'
"""
# What an earlier owner still has open ends, or its unfinished transaction would hold us up.
SHOW_OUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND application_name = $1
"""
TAKE = """
INSERT INTO owner (shard, epoch, host, pid, since) VALUES ($1, 1, $2, $3, now())
ON CONFLICT (shard) DO UPDATE SET epoch = owner.epoch + 1, host = $2, pid = $3, since = now()
RETURNING epoch, host, pid, since
"""


@dataclass(frozen=True, slots=True)
class Owner:
    epoch: int
    host: str
    pid: int
    since: datetime

    def __str__(self) -> str:
        return f"the callctl on {self.host}, process {self.pid}, since {rfc3339(self.since)}"

    @property
    def name(self) -> str:
        """Of its lock, and of its sessions."""
        return f"callctl {SHARD}/{self.epoch}"

    @property
    def settings(self) -> dict[str, str]:
        """Of every session that writes in its name."""
        return {
            "application_name": self.name,
            "callctl.shard": str(SHARD),
            "callctl.epoch": str(self.epoch),
        }


class Owned(Complaint):
    """Another service lives and owns the accounts."""

    def __init__(self, owner: Owner) -> None:
        super().__init__(
            f"the accounts are owned by {owner}: end it (kill {owner.pid} on {owner.host}), "
            "or, when it only seems to live, start this one with --take-over"
        )


class Ownership:
    """Ours, from `take` on, until somebody takes it."""

    def __init__(self, url: str, owner: Owner, session: Session) -> None:
        self._url = url
        self._first: Session | None = session
        self.owner = owner
        self.why_lost = "nobody can say whose the accounts are"

    async def session(self) -> Session:
        """A connection that shows that we live; the first is the one with which we took over."""
        first, self._first = self._first, None
        if first and not first.is_closed():
            return first
        session = await connect(self._url, self.owner.settings | KEEP_ALIVE)
        try:
            async with when_away():
                await session.execute(STAY, self.owner.name)
            await self.prove(session)
        except BaseException:
            session.terminate()
            raise
        return session

    async def prove(self, connection: Connection) -> None:
        """For when there is nothing to write, which would prove it as well."""
        async with when_away():
            owner = await _owner(connection)
        if owner is None:
            raise Fenced("the database knows no owner of the accounts: it is not the one that we began with")
        if owner.epoch != self.owner.epoch:
            raise Fenced(f"the accounts are owned by {owner}")

    async def is_ours(self) -> bool | None:
        """Asked anew, by a connection of its own; None when nobody knows."""
        try:
            async with asyncio.timeout(ASK_S_MAX):
                connection = await connect(self._url)
                try:
                    await self.prove(connection)
                finally:
                    connection.terminate()
        except (DatabaseAway, TimeoutError):
            return None
        except Fenced as fenced:
            self.why_lost = str(fenced)
            return False
        return True

    def leave(self) -> None:
        """The session that nobody asked for; others end with who asked."""
        if self._first:
            self._first.terminate()


async def take(url: str, *, by_force: bool = False) -> Ownership | None:
    """None: the database knows no owners, because it has no tables yet."""
    session = await connect(url, KEEP_ALIVE)
    try:
        async with when_away():
            owner = await _take_when_left(session, by_force=by_force)
            for name, value in owner.settings.items():
                await session.execute("SELECT set_config($1, $2, false)", name, value)
    except BaseException as error:
        session.terminate()
        if isinstance(error, asyncpg.UndefinedTableError):
            return None
        if isinstance(error, asyncpg.LockNotAvailableError):
            raise Complaint(
                "the accounts cannot be taken over: somebody has the table `owner` in use; "
                "end what uses the database and start again"
            ) from error
        raise
    return Ownership(url, owner, session)


async def _take_when_left(session: Session, *, by_force: bool) -> Owner:
    clock = asyncio.get_running_loop().time
    give_up_at = clock() + LEAVING_S_MAX
    while True:
        async with session.transaction():
            await session.execute(f"SET LOCAL lock_timeout = '{LOCK_PATIENCE}'")
            await session.execute(ONE_BY_ONE, f"callctl {SHARD}")
            owner = await _owner(session)
            if owner is None or by_force or await session.fetchval(IS_LEFT, owner.name):
                return await _take(session, owner)
        if clock() > give_up_at:
            raise Owned(owner)
        await asyncio.sleep(POLL_S)


async def _take(session: Session, before: Owner | None) -> Owner:
    """In the open transaction; the lock of our epoch stays with the session."""
    await session.execute(KEEP)
    if before:
        await session.execute(SHOW_OUT, before.name)
    row = await session.fetchrow(TAKE, SHARD, socket.gethostname(), os.getpid())
    assert row
    owner = Owner(*row)
    await session.execute(STAY, owner.name)
    return owner


async def _owner(connection: Connection) -> Owner | None:
    row = await connection.fetchrow(OWNER, SHARD)
    return Owner(*row) if row else None
