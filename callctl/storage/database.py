"""The way to PostgreSQL, and what its failures mean.

Rule 1: what passes by itself (a connection that breaks, a server that comes up, is full or makes us wait) is
    `DatabaseAway`; any other error of SQL is a bug and stays one.
Rule 2: nobody is shown the password of the database.
Rule 3: that another service owns the accounts now is `Fenced`, whatever statement is told so.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from callctl.complaint import Complaint

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

CONNECT_S_MAX = 5.0
STATEMENT_S_MAX = 10.0
READERS_MAX = 4
# For as long as the connection: else whoever asks after five minutes prepares it anew.
STATEMENTS_LIVE_S = 0

# A socket that breaks, and what a server says that goes away, comes up, has no room, or gave way to another.
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # of a connection that breaks between many rows
)
# Of a server that has let us in before, any refusal of a connection is its own trouble, and passes.
NOT_LET_IN = (*AWAY, asyncpg.PostgresError)
EPOCH_IS_OVER = "CC001"  # migrations/0005

# Generic only in the eyes of the type checker.
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Session: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class DatabaseAway(Exception):
    """PostgreSQL does not answer: try again later."""


class Fenced(Exception):
    """Another service owns the accounts now; nothing of ours is written any more."""


@asynccontextmanager
async def when_away() -> AsyncIterator[None]:
    try:
        yield
    except asyncpg.DataError:
        raise  # an InterfaceError as well, but a value of ours that no table takes, today or tomorrow
    except AWAY as error:
        raise DatabaseAway(_words(error)) from error
    except asyncpg.PostgresError as error:
        if error.sqlstate == EPOCH_IS_OVER:
            raise Fenced("another callctl owns the accounts now") from error
        raise


async def connect(url: str, settings: Mapping[str, str] | None = None) -> Session:
    """`settings` are those of the session, for PostgreSQL."""
    try:
        return await asyncpg.connect(
            url,
            timeout=CONNECT_S_MAX,
            command_timeout=STATEMENT_S_MAX,
            max_cached_statement_lifetime=STATEMENTS_LIVE_S,
            server_settings=dict(settings or {}),
        )
    except NOT_LET_IN as error:
        raise DatabaseAway(_words(error)) from error


async def open_pool(url: str, settings: Mapping[str, str] | None = None) -> Pool:
    """The first contact: whoever named the database is told when it is not there."""
    try:
        pool = await asyncpg.create_pool(
            url,
            min_size=0,  # else it knocks twice a second while nobody is there, and logs every time
            max_size=READERS_MAX,
            timeout=CONNECT_S_MAX,
            command_timeout=STATEMENT_S_MAX,
            max_cached_statement_lifetime=STATEMENTS_LIVE_S,
            server_settings=dict(settings or {}),
        )
        assert pool
        async with pool.acquire():
            return pool
    except (*NOT_LET_IN, ValueError) as error:
        raise unusable(url, error) from error


def unusable(url: str, error: BaseException) -> Complaint:
    return Complaint(
        f"the database {without_password(url)} cannot be used: {_words(error)}; "
        "is it running, is its address right?"
    )


def without_password(url: str) -> str:
    """For logs, notes and complaints."""
    try:
        parts = urlsplit(url)
        if not parts.password:
            return url
    except ValueError:
        return "(an address that cannot be read)"
    user, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}:***@{place}"))


def _words(error: BaseException) -> str:
    """A time limit has no words of its own."""
    return " ".join(str(error).split()) or "no answer in time"


async def close_pool(pool: Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), CONNECT_S_MAX)
    except TimeoutError:
        pool.terminate()
