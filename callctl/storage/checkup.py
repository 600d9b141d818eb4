"""Whether a PostgreSQL is as the ledger needs it: asked, and left as it was.

Rule 1: root asks as the user of the URL, who is let in on this machine without a password.
"""

import asyncio
import os
import pwd
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final, TypeAlias
from urllib.parse import parse_qs, urlsplit

import asyncpg

from callctl.finding import Finding, bad, ok, warning
from callctl.storage.database import without_password

Sql: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

ANSWER_S_MAX = 4.0
VERSION_MIN: Final = 140_000
CLOCKS_APART_S_MAX = 1.0
FREE_CONNECTIONS_MIN = 20
SETTINGS: Final = {
    "fsync": ("on", "what is written would be lost with the machine's power"),
    "full_page_writes": ("on", "a page that is half written could not be put right"),
    "synchronous_commit": ("on", "a payment that was acknowledged could be lost"),
    "server_encoding": ("UTF8", "names of callers and schemes could not be stored"),
    "transaction_read_only": ("off", "it is a replica, or read only: nothing can be written"),
}
LOOK = "SELECT name, setting FROM pg_settings WHERE name = ANY($1::text[])"
COUNTS = """
SELECT current_setting('max_connections')::int - count(*) FROM pg_stat_activity
WHERE backend_type = 'client backend'
"""


async def check_database(url: str, steps: Collection[str]) -> AsyncIterator[Finding]:
    """`steps`: the names of the migrations."""
    try:
        async with asyncio.timeout(ANSWER_S_MAX * 2):
            with _as_user(url):
                connection = await asyncpg.connect(url, timeout=ANSWER_S_MAX)
            try:
                async for finding in _look(connection, steps):
                    yield finding
            finally:
                connection.terminate()
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        remedy = "start PostgreSQL; see that the URL of the settings names its address, user and database"
        yield bad("PostgreSQL", f"{without_password(url)} cannot be used ({error or 'too late'})", remedy)


@contextmanager
def _as_user(url: str) -> Iterator[None]:
    """While it connects: PostgreSQL looks at who has opened the socket."""
    parts = urlsplit(url)
    name = parts.username or parse_qs(parts.query).get("user", [""])[0]
    known = [user.pw_uid for user in pwd.getpwall() if user.pw_name == name]
    if os.geteuid() != 0 or not known:
        yield
        return
    os.seteuid(known[0])
    try:
        yield
    finally:
        os.seteuid(0)


async def _look(
    connection: "asyncpg.Connection[asyncpg.Record]", steps: Collection[str]
) -> AsyncIterator[Finding]:
    version = int(await connection.fetchval("SHOW server_version_num"))
    told = f"version {version // 10_000}.{version % 10_000}"
    if version >= VERSION_MIN:
        yield ok("PostgreSQL", told)
    else:
        yield bad("PostgreSQL", told, f"install version {VERSION_MIN // 10_000} or newer")
    rows = await connection.fetch(LOOK, list(SETTINGS))
    yield _settings({row["name"]: row["setting"] for row in rows})
    free = await connection.fetchval(COUNTS)
    if free >= FREE_CONNECTIONS_MIN:
        yield ok("PostgreSQL's connections", f"{free} are free")
    else:
        yield warning("PostgreSQL's connections", f"only {free} are free", "raise max_connections")
    yield _clock(await connection.fetchval("SELECT clock_timestamp()"))
    yield await _schema(connection, set(steps))


def _settings(found: Mapping[str, str]) -> Finding:
    wrong = {
        name: why
        for name, (wanted, why) in SETTINGS.items()
        if found.get(name, wanted) not in (wanted, "remote_apply")
    }
    if not wrong:
        return ok("PostgreSQL's settings", ", ".join(f"{name} {found.get(name)}" for name in SETTINGS))
    told = "; ".join(f"{name} is {found[name]}: {why}" for name, why in wrong.items())
    remedy = ", ".join(f"{name} = {SETTINGS[name][0]}" for name in wrong)
    return bad("PostgreSQL's settings", told, f"in postgresql.conf: {remedy}")


def _clock(now: datetime) -> Finding:
    apart_s = (now - datetime.now(UTC)).total_seconds()
    told = f"{abs(apart_s):.1f} s {'ahead' if apart_s > 0 else 'behind'}"
    if abs(apart_s) <= CLOCKS_APART_S_MAX:
        return ok("PostgreSQL's clock", told)
    return warning("PostgreSQL's clock", told, "let both machines follow one time server (chrony)")


async def _schema(connection: Sql, wanted: set[str]) -> Finding:
    if await connection.fetchval("SELECT to_regclass('schema_migration')") is None:
        return warning("the tables", "are not there yet", "the first start of the service makes them")
    done = {row[0] for row in await connection.fetch("SELECT name FROM schema_migration")}
    if newer := sorted(done - wanted):
        return bad("the tables", f"are of a newer version ({newer[-1]})", "install that version again")
    if older := sorted(wanted - done):
        return warning("the tables", f"wait for {', '.join(older)}", "the next start of the service does it")
    return ok("the tables", f"{len(done)} steps, all done")
