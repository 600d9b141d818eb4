"""The way to PostgreSQL, and what its failures mean.

Rule 1: a failure of the connection is `DatabaseAway`; any other error of SQL is a bug and stays one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

from callctl.complaint import Complaint

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

CONNECT_S_MAX = 5.0
STATEMENT_S_MAX = 10.0
READERS_MAX = 4

# What a server says that goes away or comes up, beside a socket that breaks.
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.InterfaceError,
)

# Generic only in the eyes of the type checker.
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"


class DatabaseAway(Exception):
    """PostgreSQL does not answer: try again later."""


@asynccontextmanager
async def when_away() -> AsyncIterator[None]:
    try:
        yield
    except AWAY as error:
        raise DatabaseAway(str(error)) from error


async def connect(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    async with when_away():
        return await asyncpg.connect(url, timeout=CONNECT_S_MAX, command_timeout=STATEMENT_S_MAX)


async def open_pool(url: str) -> Pool:
    """The first contact: whoever named the database is told when it is not there."""
    try:
        pool = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=READERS_MAX,
            timeout=CONNECT_S_MAX,
            command_timeout=STATEMENT_S_MAX,
        )
    except (*AWAY, asyncpg.PostgresError, ValueError) as error:
        raise Complaint(f"the database {url} cannot be used: {error}") from error
    assert pool
    return pool


async def close_pool(pool: Pool) -> None:
    try:
        await asyncio.wait_for(pool.close(), CONNECT_S_MAX)
    except TimeoutError:
        pool.terminate()
